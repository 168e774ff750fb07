/* setting.h: `--set KEY=VALUE`. */
#ifndef RQ_CHECK_SETTING_H
#define RQ_CHECK_SETTING_H

#include "check/scope.h"

/* Finds the one target of each setting: a constant, MODEL.FORMAL, DATA.ARGUMENT or ACTION.FIELD; lists all in k->program. */
void apply_settings(Check *k);
/* The value set for owner.name, or NULL. */
const Expr *setting_for(const Check *k, Name owner, Name name);

/* The error to come is a setting's: exit code 2. */
void setting_fails(Check *k);

#endif
