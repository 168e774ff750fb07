#!/usr/bin/env bash
# data_sources.sh: data sets from files as a .rq file names them, and what is said when they do not fit or are not there.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
unset RQ_DATA
export XDG_DATA_HOME=$work/share

# source TEXT SHAPE: model.rq, one dense layer on that source
source_is() {
    cat >model.rq <<RQ
data set = $1;
model M { input x: $2; layer head = dense(2); output head; }
train go { model: M; data: set; loss: cross_entropy; optimizer: adam(rate: 0.1); epochs: 10; batch: 4; seed: 1; }
RQ
}

# csv: the sign of a is the label, and 20 rows are enough to learn it
{ echo 'a,b,kind'; for i in 1 2 3 4 5; do printf '%s\n' "$i,1,up" "-$i,1,down" "$i.5,0,up" "-$i.5,0,down"; done; } >t.csv
source_is 'csv(file: "t.csv", label: "kind", train: 16, test: 4)' 'real[2]'
expect 0 out "test accuracy 100.0%" run model.rq
source_is 'csv(file: "t.csv", label: "sort", train: 16, test: 4)' 'real[2]'
expect 2 err "'t.csv' has no column 'sort'; it has a, b, kind" run model.rq
source_is 'csv(file: "t.csv", label: "kind", train: 16, test: 5)' 'real[2]'
expect 2 err "'csv' has 20 rows; train: 16, val: 0 and test: 5 ask for more" run model.rq
source_is 'csv(file: "t.csv", label: "kind")' 'real[3]'
expect 2 err "wants 3 values for its 'x', but a sample of 'csv' has 2" run model.rq
source_is 'csv(file: "t.csv", label: "b")' 'real[2]'
sed -i 's/-5.5,0,down/-5.5,0,1/; s/up/7/; s/down/nan/' t.csv
expect 2 err "line 3, column 3: 'nan' is not a finite number" run model.rq
source_is 'csv(file: "u.csv", label: "b")' 'real[2]'
expect 2 err "'u.csv' was not found here, nor in $work/share/rq" run model.rq
mkdir -p share/rq
printf 'a,b\n1,0\n2,1\n' >share/rq/u.csv
source_is 'csv(file: "u.csv", label: "b")' 'real[1]'
expect 0 out "epoch 10/10" run model.rq

# npy: 2 samples of 3 bytes, and their labels
header() { printf '\x93NUMPY\x01\x00\x46\x00%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($1), }"; }
{ header '2, 3'; printf 'abcxyz'; } >x.npy
{ header '2,'; printf '\x00\x01'; } >y.npy
source_is 'npy(input: "x.npy", target: "y.npy", train: 2)' 'real[3]'
expect 0 out "epoch 10/10" run model.rq
{ header '3,'; printf '\x00\x01\x01'; } >y.npy
expect 2 err "'y.npy' has 3 entries" run model.rq

# images and MNIST that are not there
mkdir pets
source_is 'images(folder: "pets")' 'image[1, 4, 4]'
expect 2 err "'pets' has no folders; one with PNG files for each class is expected" run model.rq
source_is 'mnist(train: 10, classes: 2)' 'image[1, 28, 28]'
expect 2 err "download it with 'rq data fetch mnist', name its folder with --data DIR or RQ_DATA, or use glyphs" run model.rq
expect 2 err "in $work/pets/mnist, $work/pets/MNIST/raw, $work/pets, $work/share/rq/mnist" run model.rq --data "$work/pets"
finish
