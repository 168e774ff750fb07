/* cache.h: machine code of earlier compilations in a directory, by what it was made of. Private to backend/.
 *
 * An entry is named by the BLAKE3 hash of the module before optimisation (its bitcode), of the passes, the LLVM version, the processor
 * and its features: equal names are equal code. It begins with the hash of its contents, so that a damaged one is not taken. Writing is
 * beside its place and renamed, so that processes may share a directory; what cannot be written is not kept, without a word.
 */
#ifndef RQ_BACKEND_CACHE_H
#define RQ_BACKEND_CACHE_H

#include "backend/module.h"

/* Takes the module's machine code from the directory. False: it is not there, or damaged. */
bool cache_load(const char *dir, Module *m);
/* Keeps it; false: it could not be written. */
bool cache_save(const char *dir, const Module *m);

#endif
