/* source.h: what every data source is made of: finding files, choosing samples, bringing them to
 * size.
 *
 * A source reads its labels, asks rq_select which samples are wanted, reads these in file order and
 * hands each to rq_image_store. It fills dims, size, channels and the samples of the rq_data;
 * rq_data_open does the rest.
 */
#ifndef RQ_DATA_SOURCE_H
#define RQ_DATA_SOURCE_H

#include "data/data.h"

/* One chosen sample: number `source` of its pool becomes sample `slot` of the data set. */
typedef struct rq_pick {
    int64_t source;
    int64_t slot;
} rq_pick;

/* Where samples are taken from: train and val from the training pool, in this order; test from its
 * own, or, where labels[1] is NULL, from behind val. Labels are 0 .. classes-1. */
typedef struct rq_pools {
    const int32_t *labels[2];
    int64_t count[2];
    int classes;
    const char *what; /* "images", for messages */
} rq_pools;

/* Checks what the spec asks against what there is and fills name, total, count, first, labels,
 * classes, class_labels, source_index of out. picks[0] and picks[1] (rq_free) list the chosen
 * samples of the pools in ascending order; counts as in picked[]. On failure no picks are held. */
bool rq_select(const rq_data_spec *spec, const rq_pools *pools, rq_data *out, rq_pick *picks[2],
               int64_t picked[2], rq_error *err);

/* Sets dims to [channels, height, width], resized if the spec says so, and takes memory for the
 * bytes. */
bool rq_images_prepare(const rq_data_spec *spec, int64_t channels, int64_t height, int64_t width,
                       rq_data *out, rq_error *err);

/* The same for reals of any shape; a resize of what are no images is an error. */
bool rq_reals_prepare(const rq_data_spec *spec, int ndim, const int64_t *dims, rq_data *out,
                      rq_error *err);

/* Keeps the names of out's classes: names[] of all classes of the source. */
bool rq_class_names(const char *const *names, rq_data *out, rq_error *err);

/* Stores raw [channels][height][width] as sample `slot`, resized to dims. */
void rq_image_store(rq_data *d, int64_t slot, const unsigned char *raw, int64_t height,
                    int64_t width);

/* augment.c: takes crop and flip; samples that are no images, or too small, are an error. */
bool rq_data_augment(const rq_data_spec *spec, rq_data *d, rq_error *err);

/* resize.c: [height][width] -> [to_height][to_width]. */
void rq_resize_plane(const unsigned char *from, int64_t height, int64_t width, unsigned char *to,
                     int64_t to_height, int64_t to_width);

/* locate.c: the folders in which data are looked up, `--data DIR` (may be NULL) first. Returns how
 * many. */
enum { RQ_ROOTS = 3, RQ_PATH = 4096 };
int rq_data_roots(const char *dir, char roots[RQ_ROOTS][RQ_PATH]);

/* The folder of mnist, fashion_mnist or cifar10: the first that holds one of its files. False = the
 * message lists where it was looked for. */
bool rq_data_locate(const char *source, const char *dir, char folder[RQ_PATH], rq_error *err);

/* The files of MNIST and its like: images and labels, those for training first. */
#define RQ_IDX_FILES                                                                               \
    "train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte",                \
        "t10k-labels-idx1-ubyte"

/* Where spec->file is: itself, or below one of the data folders. False = nowhere, or not given. */
bool rq_data_find(const rq_data_spec *spec, const char *file, char path[RQ_PATH], rq_error *err);

/* The file NAME or NAME.gz in `folder`; *has = false: there is neither. False = it cannot be told. */
bool rq_data_file_path(const char *folder, const char *name, char path[RQ_PATH], bool *has, rq_error *err);

/* The sources, one file each. */
bool rq_idx_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_cifar_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_csv_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_arrays_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_images_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_glyphs_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_pairs_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_states_open(const rq_data_spec *spec, rq_data *out, rq_error *err);
bool rq_zeros_open(const rq_data_spec *spec, rq_data *out, rq_error *err);

enum { RQ_PAIRS_QUBITS = 10, RQ_ZEROS_QUBITS = 26 };
/* pairs.c: takes memory for `total` states of `each` reals and their targets. */
bool rq_states_memory(int64_t total, int64_t each, int64_t target_each, rq_data *out, rq_error *err);

#endif
