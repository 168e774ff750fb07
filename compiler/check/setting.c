/* setting.c: `--set KEY=VALUE`: finding targets. */
#include "check/setting.h"
void apply_settings(Check *k) { (void)k; }
const Expr *setting_for(const Check *k, Name owner, Name name)
{
    for (uint32_t i = k->sets.len; i-- > 0;) {
        if (name_eq(k->sets.at[i].owner, owner) && name_eq(k->sets.at[i].name, name)) return k->sets.at[i].value;
    }
    return NULL;
}
