/* inst.h: what checking leaves: models, circuits and actions with every size, constant and
 * parameter known.
 *
 * A declaration may be used at many sizes; each use is an instance. Lowering and flow read
 * instances only, never the AST. A model is a list of stages in execution order (static single
 * assignment): skips, sums and detaches are stages, too, so that a path from a parameter to the
 * loss is a path along stage operands. Lives in c->keep.
 */
#ifndef RQ_CHECK_INST_H
#define RQ_CHECK_INST_H

#include "syntax/ast.h"

/* Index into ModelInst.groups / .stages / .layers, plus one; 0 = none. */
typedef struct GroupId {
    uint32_t i;
} GroupId;
typedef struct StageId {
    uint32_t i;
} StageId;
typedef struct LayerId {
    uint32_t i;
} LayerId;

enum { MAX_RANK = 6, MAX_QUBITS = 26 };

/* ---- scalars in circuits and observables, after loops and calls are expanded ---- */

typedef enum SxKind {
    SX_none,
    SX_const, /* value */
    SX_param, /* element `index` (row-major) of parameter group `group` */
    SX_data,  /* data argument number `index` (row-major over all data arguments of the encoding or
                 circuit) */
    SX_neg,
    SX_sin,
    SX_cos,
    SX_exp,
    SX_log,
    SX_sqrt,
    SX_abs,
    SX_tanh,
    SX_step, /* 1 if a >= 0 else 0; derivative 0: a flat cut */
    SX_add,
    SX_sub,
    SX_mul,
    SX_div,
    SX_min,
    SX_max,
} SxKind;

typedef struct Sx Sx;
struct Sx {
    SxKind kind;
    Rational value;
    GroupId group;
    uint32_t index;
    uint32_t weight; /* operations in it, counted as often as they occur; limited by check */
    const Sx *a, *b;
};

/* ---- circuits ---- */

typedef enum GateId {
    GATE_none,
#define GATE(name, qubits, params, class, freq, generator, a, b, c) GATE_##name,
#include "check/gates.def"
#undef GATE
    GATE_unitary,    /* matrix-valued parameter `group` on its qubits */
    GATE_depolarize, /* channels: one probability as arg */
    GATE_amplitude_damp,
    GATE_phase_damp,
    GATE_bit_flip,
    GATE_reset,
} GateId;

/* One gate application. `inv @` on a rotation is already a negated arg; on anything else it is
 * `dagger`. */
typedef struct GateApp {
    GateId gate;
    bool dagger;
    uint8_t target_count, control_count;
    uint8_t *targets; /* first target = most significant bit of the matrix index */
    uint8_t *controls;
    uint32_t control_values; /* bit k: controls[k] must be |1> (ctrl) or |0> (negctrl) */
    const Sx *arg;           /* NULL for gates without parameter */
    GroupId group;           /* GATE_unitary */
    Span span;               /* the gate statement in the innermost circuit */
} GateApp;

typedef struct CircuitInst {
    Name name;
    uint32_t qubits; /* n of all registers together; qubit 0 is the most significant bit of a state
                        index */
    uint32_t data_count; /* how many data values its Sx read; 0 for a plain circuit */
    VEC(GateApp) gates;
    bool noisy; /* has channels or reset */
    Span span;  /* where it is used */
} CircuitInst;

typedef enum EncodingKind {
    ENCODING_none,
    ENCODING_circuit,   /* circuit: gates with data arguments on |0..0> */
    ENCODING_amplitude, /* values normalised, in order, zeros at the end */
} EncodingKind;

typedef struct EncodingInst {
    EncodingKind kind;
    Name name;
    uint32_t values;
    uint32_t qubits; /* that it needs: the first ones of the layer's; further ones start in |0> */
    bool zero_is_ground; /* amplitude(zero: ground) */
    bool is_flat; /* derivative with respect to its data is 0 almost everywhere (threshold) */
    const CircuitInst *circuit; /* ENCODING_circuit */
    Span span;
} EncodingInst;

/* coefficient * product of Paulis. Bit (qubits-1-q) of x and z belongs to qubit q: X = x, Z = z, Y
 * = x and z. */
typedef struct PauliTerm {
    const Sx *coefficient;
    uint32_t x, z;
} PauliTerm;
typedef struct YieldInst {
    VEC(PauliTerm) terms;
    Span span;
} YieldInst;
typedef struct ObservableInst {
    Name name;
    uint32_t qubits;
    VEC(YieldInst) yields;
    Span span;
} ObservableInst;

/* ---- values and parameters ---- */

typedef enum ValueKind { VALUE_none, VALUE_real, VALUE_state, VALUE_density } ValueKind;
typedef struct ValueType {
    ValueKind kind;
    uint8_t rank;
    int64_t dim[MAX_RANK]; /* real: shape; state, density: {number of qubits} */
} ValueType;

typedef enum InitKind {
    INIT_none,
    INIT_zeros,
    INIT_constant,
    INIT_uniform,
    INIT_normal,
    INIT_orthogonal,
    INIT_haar
} InitKind;
typedef struct GroupInst {
    const char *path; /* q1.theta */
    LayerId layer;    /* 0 for model params */
    uint8_t rank;
    int64_t dim[MAX_RANK]; /* unitary: {2^n, 2^n} */
    int64_t count;         /* product of dims */
    bool is_unitary;
    InitKind init;
    double a, b; /* constant: a; uniform: [a, b); normal: mean a, deviation b; orthogonal: gain a, a matrix begins at axis b */
    bool has_range;
    double low, high; /* projection after each step */
    double momentum;  /* of a running statistic of the batches: value <- (1 - momentum) value + momentum new; 0: a parameter */
    bool frozen;
    GroupId tied_to; /* shares the values of that group; it has no values of its own */
    Span span;       /* the param statement, or the layer for built-in ones */
    Span frozen_span;
} GroupInst;

/* ---- stages ---- */

typedef enum StageKind {
    STAGE_none,
#define KIND(name, text) STAGE_##name,
#include "check/kinds.def"
#undef KIND
} StageKind;

typedef enum ChannelMode { CHANNELS_none, CHANNELS_each, CHANNELS_own, CHANNELS_joint } ChannelMode;
typedef enum OutMode { OUT_none, OUT_fold, OUT_channels, OUT_mean } OutMode;

/* quantum, quanv, encode, evolve, measure: the parts that are present. Gates run: encoding, then
 * circuit. */
typedef struct QuantumAttr {
    const EncodingInst
        *encoding; /* NULL: no encoding (state input, or data re-uploading by the circuit) */
    const CircuitInst *circuit;       /* NULL: none */
    const ObservableInst *observable; /* NULL: the value is a state */
    uint32_t qubits;
    /* quanv, patches, place */
    int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
    int64_t patches_h, patches_w;
    ChannelMode channels; /* own: every group of the stage has a leading axis of channels */
    OutMode out;
} QuantumAttr;

typedef struct Stage {
    StageKind kind;
    ValueType type;   /* of its result */
    int64_t maps;     /* how often it is there for one sample: once for each window in the body of a patchwise layer, else 1 */
    StageId *operand; /* operand_count of them */
    uint32_t operand_count;
    LayerId layer;  /* the layer it belongs to (skips and their adapters: the layer they lead into);
                       0: inputs */
    uint32_t skip;  /* index into ModelInst.skips plus one, for stages made by a skip; else 0 */
    GroupId *group; /* parameters it reads itself, in the order of kinds.def's comment */
    uint32_t group_count;
    Span span;
    union {
        Rational value; /* constant, scale by a number, dropout's p */
        QuantumAttr quantum;
        struct {
            int64_t out;
        } dense;
        struct {
            int64_t out, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
        } window; /* conv, maxpool, avgpool */
        struct {
            bool by_gradient;
        } detach; /* made by `gradient: detached`, not written as detach(e) */
        struct {
            int64_t axis;
        } axis; /* concat, softmax */
        struct {
            int64_t factor;
        } shuffle; /* fold, unfold */
        struct {
            int64_t groups; /* of neighbouring channels that share a mean */
            double eps;     /* added to the variance */
        } norm;             /* layer_norm, group_norm, batch_norm */
        struct {
            Name input;
        } input;
        /* Perceptron j reads inputs first(j) .. first(j) + fan_in - 1, first(j) = j + shift modulo
         * the number n of inputs if periodic (and so is each input), else clamped to 0 .. n -
         * fan_in; its last qubit is output j. */
        struct {
            const CircuitInst *circuit;
            uint32_t count, fan_in;
            int64_t shift;
            bool periodic;
            const CircuitInst **perceptron;
        } dissipative;
    };
} Stage;

typedef struct LayerInst {
    Name name;
    const char *kind_text; /* "quanv 4q d4", "dense 10": for tables */
    StageId own, value;    /* own output; own plus skips */
    Span span;             /* the layer's name in its declaration */
    Span statement;
} LayerInst;

typedef struct SkipInst {
    LayerId from, to;   /* from = 0: an input; see from_stage */
    StageId from_stage; /* the value added */
    StageId add;        /* the stage that adds it */
    bool has_scale, has_via;
    Span span;
    const char *text; /* "q1 -> q2" */
} SkipInst;

/* How a model was asked for: private to check. */
typedef struct ModelRequest ModelRequest;

typedef struct ModelInst {
    const ModelRequest *request;
    Name name;
    VEC(Stage) stages; /* operands come before their users */
    VEC(LayerInst) layers;
    VEC(SkipInst) skips;
    VEC(GroupInst) groups;
    VEC(StageId) inputs;
    StageId output;
    bool has_skips; /* a skip adds to a layer of it, or of a block in it */
    Span span;
} ModelInst;

static inline Stage *stage_of(const ModelInst *m, StageId id) { return &m->stages.at[id.i - 1]; }
static inline GroupInst *group_of(const ModelInst *m, GroupId id)
{
    return &m->groups.at[id.i - 1];
}
static inline bool group_is_trained(const GroupInst *g)
{
    return !g->frozen && !g->tied_to.i && g->momentum == 0;
}
/* Does it take means over the samples of a batch? */
bool model_couples_samples(const ModelInst *m);
static inline LayerInst *layer_of(const ModelInst *m, LayerId id)
{
    return &m->layers.at[id.i - 1];
}

/* ---- actions ---- */

/* A compile-time value: arguments of data sources, optimizers, resolved fields. */
typedef struct ConstValue ConstValue;
typedef enum ConstKind {
    CONST_none,
    CONST_number,
    CONST_bool,
    CONST_string,
    CONST_name,
    CONST_list,
    CONST_call
} ConstKind;
typedef struct NamedValue {
    const char *name;
    const ConstValue *value;
} NamedValue;
struct ConstValue {
    ConstKind kind;
    Span span;
    Rational number;
    bool boolean;
    const char *text;          /* string, name; callee of a call */
    VEC(ConstValue *) items;   /* list */
    VEC(NamedValue) arguments; /* call: all arguments by name, defaults filled in */
};

typedef struct DataInst {
    Name name;                /* it is declared under; of a call in an action's field, the source's */
    bool is_declared;
    const ConstValue *source; /* a call: mnist(train: 2000, ...) */
    ValueType sample;         /* what one sample feeds into the model's input */
    int64_t classes;          /* 0: dense targets */
    Span span;
} DataInst;

typedef enum LossKind {
    LOSS_none,
    LOSS_cross_entropy,
    LOSS_nll,
    LOSS_mse,
    LOSS_infidelity,
    LOSS_local
} LossKind;

/* One element of a parameter group that a scan derives the cost by. Of a unitary matrix V element (r, c) is the direction H of
 * V <- exp(t H) V: r = c: i |r><r|; r < c: |r><c| - |c><r|; r > c: i (|r><c| + |c><r|). */
typedef struct WrtElement {
    GroupId group; /* the root of tied ones */
    int64_t element;
    const char *path; /* out.p[0].t, q1.theta[0, 1, 2] */
} WrtElement;
typedef VEC(WrtElement) WrtList;

typedef struct ActionInst {
    ActionKind kind;
    Name name;
    const ModelInst *model; /* with this action's freeze and gradient applied; NULL for explore and
                               scan over sizes */
    const DataInst *data;
    const DataInst *test;        /* train: the set whose test samples are taken instead; NULL: those of data */
    LossKind loss;
    const ConstValue *optimizer; /* call: adam(rate: 0.01, beta1: ...), defaults filled in */
    bool detached;               /* gradient: detached */
    WrtList wrt;                 /* scan; at the first value of everything swept, or at a point */
    bool has_expected, excluded; /* scan at a point: `expect` says so, `where` leaves it out */
    double expected;             /* the variance */
    VEC(NamedValue) fields;      /* every field of fields.def with its value, defaults included */
    const Decl *decl;
    Span span;
} ActionInst;

/* The result of checking a file. */
typedef struct Program {
    const Ast *ast;
    VEC(ModelInst *)
    models; /* models that can be instantiated without arguments, and those that actions name */
    VEC(ActionInst *) actions;
    VEC(const char *) settable; /* what --set takes: "classes", "Net.depth", "digits.train", "quick.epochs" */
} Program;

#endif
