/* patchwise.c: a block on every patch of an image, with the same parameters for all: what a quanvolution is to a circuit.
 *
 *     image -patches-> [pixels of a patch], once for each -body-> [results], once for each -place-> image
 */
#include "check/patches.h"
#include "check/unit.h"

/* The result of the body as numbers of one axis; {0} after a report. */
static StageId flat_result(LayerCall *l, StageId body, Span at)
{
    const Stage *s = stage_at(l->m, body);
    if (s->type.kind == VALUE_real && s->type.rank == 1) return body;
    if (s->type.kind == VALUE_real) return stage_add(l->m, STAGE_flatten, type_vector(value_count(s->type)), &body, 1, at);
    diag_error(l->m->k->c, at, D_wanted_kind, "the result of 'body'", "real numbers", value_type_text(l->m->k, s->type));
    return (StageId){0};
}

static StageId patches_stage(LayerCall *l, const QuantumAttr *a)
{
    int64_t outside = stage_at(l->m, l->source)->maps, maps = outside * patches_count(l, a);
    if (maps > LARGEST_SIZE / patches_values(l, a)) {
        diag_error(l->m->k->c, l->span, D_layer_too_big, l->title);
        return (StageId){0};
    }
    StageId id = stage_add(l->m, STAGE_patches, type_vector(patches_values(l, a)), &l->source, 1, l->span);
    stage_at(l->m, id)->quantum = *a;
    stage_at(l->m, id)->maps = maps;
    return id;
}

StageId layer_patchwise(LayerCall *l)
{
    static const ArgSpec specs[] = {{"kernel", true}, {"body", true},      {"stride", false},
                                    {"pad", false},   {"channels", false}, {"out", false}};
    QuantumAttr a = {0};
    ValueType type;
    if (!match_arguments(l->m->k, l->title, l->span, l->args, specs, COUNT(specs), l->slot)) return (StageId){0};
    PatchArgs args = {l->slot[0], l->slot[2], l->slot[3], l->slot[4], l->slot[5]};
    const UnitRef *body = eval_unit(l->e, l->slot[1]->value, DECL_block, "'body'");
    if (l->is_poison || !body || !patches_read(l, &args, &a)) return (StageId){0};
    if (a.channels == CHANNELS_own) {
        diag_error(l->m->k->c, args.channels->value->span, D_patchwise_own);
        return (StageId){0};
    }
    int64_t outside = stage_at(l->m, l->source)->maps;
    StageId patches = patches_stage(l, &a);
    StageId result = patches.i ? block_call(l->e, body, l->slot[1]->value->span, patches) : patches;
    if (result.i) result = flat_result(l, result, l->slot[1]->value->span);
    if (!result.i || !patches_out(l, &args, &a, stage_at(l->m, result)->type.dim[0], &type)) return (StageId){0};
    patches_warn(l, &a);
    StageId id = stage_add(l->m, STAGE_place, type, &result, 1, l->span);
    stage_at(l->m, id)->quantum = a;
    stage_at(l->m, id)->maps = outside;
    l->text = arena_printf(l->m->k->keep, "patchwise %lldx%lld", (long long)a.kernel_h, (long long)a.kernel_w);
    return id;
}
