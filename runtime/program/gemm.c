/* gemm.c: dense products for generated code, by cblas, row-major. The only file that includes it.
 *
 * OpenBLAS runs on the calling thread alone: our threads are chunks, and its own splitting would change the order of sums.
 */
#include <cblas.h>
#include <stdatomic.h>
#include <stdint.h>

#define ABI(result, name, params) result name params;
#include "program/abi.def"
#undef ABI

static void one_thread(void)
{
    static atomic_bool done;
    if (atomic_load_explicit(&done, memory_order_acquire)) return;
    openblas_set_num_threads(1);
    atomic_store_explicit(&done, 1, memory_order_release);
}

static CBLAS_TRANSPOSE transposed(int64_t t) { return t ? CblasTrans : CblasNoTrans; }

void rq_gemm_f32(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, int64_t ta, const float *b,
                 int64_t ldb, int64_t tb, float *c, int64_t ldc, int64_t accumulate)
{
    one_thread();
    cblas_sgemm(CblasRowMajor, transposed(ta), transposed(tb), (blasint)m, (blasint)n, (blasint)k, 1, a,
                (blasint)lda, b, (blasint)ldb, accumulate ? 1 : 0, c, (blasint)ldc);
}

void rq_gemm_f64(int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, int64_t ta, const double *b,
                 int64_t ldb, int64_t tb, double *c, int64_t ldc, int64_t accumulate)
{
    one_thread();
    cblas_dgemm(CblasRowMajor, transposed(ta), transposed(tb), (blasint)m, (blasint)n, (blasint)k, 1, a,
                (blasint)lda, b, (blasint)ldb, accumulate ? 1 : 0, c, (blasint)ldc);
}
