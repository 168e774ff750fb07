/* data.h: a data set in memory, and its samples as kernels eat them.
 *
 * Samples of the three splits stand one after the other: first[s] .. first[s]+count[s]-1 are split
 * s, which are disjoint. A sample is `size` values in row-major order of dims, e.g. image[C, H, W].
 * Values are kept as bytes (value = table[channel][byte]; byte/255 unless normalised) or as reals.
 * The target of a sample is a label 0 .. classes-1 or a dense vector of target_size reals.
 */
#ifndef RQ_DATA_DATA_H
#define RQ_DATA_DATA_H

#include "memory.h"

typedef enum rq_split {
    RQ_SPLIT_none,
    RQ_SPLIT_train,
    RQ_SPLIT_val,
    RQ_SPLIT_test,
    RQ_SPLIT_COUNT
} rq_split;

extern const char *const rq_split_names[RQ_SPLIT_COUNT];

/* For a split's number of samples: not given. MNIST and its like: all there are (val: none);
 * glyphs: 2000, 0, 500. */
enum { RQ_DATA_ALL = -1 };

/* What a .rq file says about a data set. Begin with rq_data_spec_default. Borrows all pointers. */
typedef struct rq_data_spec {
    const char *name;          /* it is declared under, or NULL */
    const char *source;       /* a name of the table in data.c */
    int64_t train, val, test; /* samples, or RQ_DATA_ALL */
    const int32_t *classes;   /* labels that stay and become 0, 1, ...; NULL = the first ones */
    int class_count;          /* how many stay; 0 = all */
    bool shuffle;             /* each split's order, after the selection */
    bool keeps_copies;        /* set by the verbs: MNIST and its like are unpacked once, into copies that stay (copy.h) */
    uint64_t shuffle_seed;
    int64_t height, width;    /* resize; 0 = as they are */
    int64_t crop;             /* training images are shifted by up to so many pixels; 0: not */
    double flip;              /* the share of them that is mirrored */
    const double *mean, *std; /* one for all channels or one per channel; NULL = not normalised */
    int norm_count;
    uint64_t seed;     /* glyphs, unitary_pairs: what is drawn */
    int64_t size;      /* glyphs: pixels per side, 8 .. 256, default 28 */
    double noise;      /* glyphs: deviation of a pixel in 0 .. 1, default 0.05 */
    int64_t qubits;    /* unitary_pairs, zeros */
    int64_t pairs, noise_pairs; /* unitary_pairs: how many, and how many of those for training have a random target */
    const char *dir;   /* --data DIR or NULL */
    const char *file;  /* csv, npy: the file; images: the folder; as it is or in the data folders */
    const char *label; /* csv: column, by name or number from 0; npy: the file of the labels */
} rq_data_spec;

typedef struct rq_data_file {
    char *path;
    char sha256[65];
} rq_data_file;

enum { RQ_DATA_FILES = 16 };

typedef struct rq_data {
    char name[64];
    int64_t total;
    int64_t count[RQ_SPLIT_COUNT], first[RQ_SPLIT_COUNT];
    int ndim;
    int64_t dims[4];
    int64_t size;         /* product of dims */
    int64_t channels;     /* dims[0] of images, else 1 */
    int64_t crop;         /* of the specification: what training does with its images, see rq_data_pack_augmented */
    double flip;
    unsigned char *bytes; /* [total][size], or NULL */
    double *reals;        /* [total][size], or NULL */
    double *table;        /* with bytes: [channels][256] */
    int32_t *labels;      /* [total], or NULL with dense targets only */
    double *targets;      /* [total][target_size], or NULL */
    int64_t target_size;
    bool is_states; /* samples and targets are quantum states */
    int classes;
    int32_t *class_labels; /* [classes]: the label that class k has in the source */
    char **class_names;    /* [classes]: csv and images, else NULL */
    int64_t *source_index; /* [total]: which sample of its file this is, from 0 */
    int file_count;
    rq_data_file files[RQ_DATA_FILES];
} rq_data;

rq_data_spec rq_data_spec_default(const char *source);

/* False = nothing is held, err says which file, where it was looked for, what was expected and what
 * to do. */
bool rq_data_open(const rq_data_spec *spec, rq_data *out, rq_error *err);

/* The samples of a file in place of a set's own, all in the training split: a PNG picture, arrays of numpy, or quantum states where
 * the set of `like` has such. Pixels and bytes are resized and normalised like that set's, other numbers normalised. Samples have the
 * shape dims[rank], or are rows of as many values. Without labels or, but for states, targets. */
bool rq_data_given(const rq_data_spec *like, const char *path, int rank, const int64_t *dims, rq_data *out, rq_error *err);

/* "mnist 2000/500/500 1b4f0e9851971998": name, samples for training, validation and test, a hash of what they are. */
enum { RQ_DATA_IDENTITY = 160 };
const char *rq_data_identity(const rq_data *d, char *text, size_t size);

/* False: a target of a set of states is no product of one-qubit states, which err names. Density matrices are no product targets. */
bool rq_data_product_targets(const rq_data *d, rq_error *err);

/* Puts the test samples of `other` in place of d's own. Dense targets of as many numbers as other has classes are taken as shares of
 * classes. Both stay to be freed. */
bool rq_data_test_from(rq_data *d, rq_data *other, rq_error *err);

/* Takes a zeroed one and one freed before. */
void rq_data_free(rq_data *d);

/* One value of a sample of a split. */
double rq_data_value(const rq_data *d, rq_split split, int64_t sample, int64_t element);
/* Samples are pure states of d amplitudes, and `reals` are those of density matrices d x d: |psi><psi| stands for psi. */
bool rq_data_embeds(const rq_data *d, int64_t reals);
double rq_data_density_value(const rq_data *d, rq_split split, int64_t sample, int64_t element);

/* The label of a sample, -1 without labels. */
int32_t rq_data_label(const rq_data *d, rq_split split, int64_t sample);

/* Writes out[element][lane] with `lanes` lanes, reals of 4 or 8 bytes: lane l is sample indices[l]
 * of the split; lanes from count (1 .. lanes) on repeat the last sample. element 0:  s0 s1 s2 s3
 * ... | element 1:  s0 s1 s2 s3 ... | ...
 */
void rq_data_pack(const rq_data *d, rq_split split, const int64_t *indices, int count, int lanes,
                  int real_bytes, void *out);

/* augment.c: the same for training images that are shifted and mirrored at random, as (seed, epoch, sample) say. */
bool rq_data_augments(const rq_data *d);
void rq_data_pack_augmented(const rq_data *d, uint64_t seed, int64_t epoch, const int64_t *indices, int count, int lanes, int real_bytes,
                            void *out);

/* The same for targets: the dense ones if there are any, else one-hot [classes][lane]. */
void rq_data_pack_target(const rq_data *d, rq_split split, const int64_t *indices, int count,
                         int lanes, int real_bytes, void *out);

/* Rows of out[]: target_size with dense targets, else classes. */
int64_t rq_data_target_rows(const rq_data *d);

/* The labels, padded alike. */
void rq_data_pack_labels(const rq_data *d, rq_split split, const int64_t *indices, int count,
                         int lanes, int32_t *out);

#endif
