/* cache.h: machine code of earlier compilations in a directory, by what it was made of. Private to backend/.
 *
 * An entry is named by the BLAKE3 hash of the kernels (kernel/identity.h), of the passes, the LLVM version, the processor and its
 * features, and of the program's own file, whose emitter it is: equal names are equal code, and nothing need be emitted to find it. It begins with the hash of its contents, so that a damaged one is not taken. Writing is
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
