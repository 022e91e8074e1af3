"""Functions in CUDA C++ that every source begins with.

They are written so that a compiler for the processor understands them as well: the tests run them there.
"""

__all__ = ["PREAMBLE"]

PREAMBLE = """\
#define XPNN_INF __longlong_as_double(0x7ff0000000000000LL)
#define XPNN_NAN __longlong_as_double(0x7ff8000000000000LL)
#if defined(XPNN_HALF)
typedef XPNN_HALF xpnn_half;
#elif defined(__HIP__)
typedef _Float16 xpnn_half;
#else
struct xpnn_half {
    unsigned short bits;
    xpnn_half() = default;
    __device__ xpnn_half(float x) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x)); }
    __device__ operator float() const { float x; asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits)); return x; }
};
#endif
template <class T> __device__ inline T xpnn_multiply(T a, T b) { return a * b; }
__device__ inline float xpnn_multiply(float a, float b) { return __fmul_rn(a, b); }
__device__ inline double xpnn_multiply(double a, double b) { return __dmul_rn(a, b); }
template <class T> __device__ inline T xpnn_max(T a, T b) { return a > b || a != a ? a : b; }
template <class T> __device__ inline T xpnn_min(T a, T b) { return a < b || a != a ? a : b; }
template <class T> __device__ inline T xpnn_sign(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x; }
template <class T> __device__ inline T xpnn_quotient(T a, T b) {
    if (b == 0 || (b < 0 && b + 1 == 0)) return b == 0 ? T(0) : T(-a);
    return T(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}
__device__ inline float xpnn_modulo(float a, float b) {
    float r = fmodf(a, b);
    return r == 0 ? copysignf(0.0f, b) : (r < 0) != (b < 0) ? r + b : r;
}
__device__ inline double xpnn_modulo(double a, double b) {
    double r = fmod(a, b);
    return r == 0 ? copysign(0.0, b) : (r < 0) != (b < 0) ? r + b : r;
}
__device__ inline float xpnn_quotient(float a, float b) {
    float r = fmodf(a, b), q = (a - r) / b;
    return b == 0 ? a / b : rintf(r != 0 && (r < 0) != (b < 0) ? q - 1 : q);
}
__device__ inline double xpnn_quotient(double a, double b) {
    double r = fmod(a, b), q = (a - r) / b;
    return b == 0 ? a / b : rint(r != 0 && (r < 0) != (b < 0) ? q - 1 : q);
}
__device__ inline float xpnn_logaddexp(float a, float b) {
    return a == b ? a + 0.693147180559945286f : xpnn_max(a, b) + log1pf(expf(-fabsf(a - b)));
}
__device__ inline double xpnn_logaddexp(double a, double b) {
    return a == b ? a + 0.693147180559945286 : xpnn_max(a, b) + log1p(exp(-fabs(a - b)));
}
"""
"""Helpers. Maxima pass NaN on; a remainder has the sign of the divisor; whole numbers divided by 0 give 0.

Products are rounded before they are added to anything, as they are when each operation is a kernel of its own. That is
said for each, since a compiler that never fused them would change the functions of CUDA's library as well.

Numbers of float16 are converted by an instruction of the device, so that no header of CUDA is needed; a compiler for
another processor is given `XPNN_HALF`, a type that converts from and to float.
"""
