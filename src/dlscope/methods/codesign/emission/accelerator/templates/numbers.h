// Whole numbers of exactly so many bits, one source for two compilers.
//
// A hardware compiler gets its own arbitrary-precision types. Any other compiler gets Integer, which
// counts values that do not fit its bits: a run without overflows proves that the widths suffice.
#ifndef DLSCOPE_NUMBERS_H
#define DLSCOPE_NUMBERS_H

#if defined(__SYNTHESIS__) || defined(DLSCOPE_AP_INT)

#include <ap_int.h>

template <int BITS> struct Numbers {
    typedef ap_int<BITS> Signed;
    typedef ap_uint<BITS> Unsigned;
    typedef ap_int<BITS> Constant;
};

#else

#include <cstdint>
#include <type_traits>

extern long long overflows;

template <int BITS, bool IS_SIGNED> class Integer {
    static_assert(BITS >= 1 && BITS <= 63, "a number has 1 to 63 bits");
    typedef typename std::conditional<(BITS < 8), std::int8_t,
            typename std::conditional<(BITS < 16), std::int16_t,
            typename std::conditional<(BITS < 32), std::int32_t, std::int64_t>::type>::type>::type
            Narrow;
    typedef typename std::conditional<(BITS == 8 && IS_SIGNED), std::int8_t, Narrow>::type Stored;
    typedef typename std::conditional<(BITS < 16), int, long long>::type Wide;
    Stored stored;

public:
    static constexpr long long most = (1LL << (IS_SIGNED ? BITS - 1 : BITS)) - 1;
    static constexpr long long least = IS_SIGNED ? -most - 1 : 0;

    Integer() : stored(0) {}
    Integer(long long value) : stored(static_cast<Stored>(value)) {
        overflows += value < least || value > most;
    }
    template <int OTHER, bool OF_OTHER>
    Integer(const Integer<OTHER, OF_OTHER> &value) : Integer(static_cast<long long>(value)) {}
    operator Wide() const { return stored; }
    Integer &operator+=(long long value) { return *this = Integer(stored + value); }
};

template <int BITS> struct Numbers {
    typedef Integer<BITS, true> Signed;
    typedef Integer<BITS, false> Unsigned;
    typedef typename std::conditional<(BITS <= 8), std::int8_t,
            typename std::conditional<(BITS <= 16), std::int16_t,
            typename std::conditional<(BITS <= 32), std::int32_t, std::int64_t>::type>::type>::type
            Constant;
};

#endif

// value / 2^shift, half up; exact where the shift is below 0.
template <typename NUMBER> NUMBER shifted(NUMBER value, int shift) {
#pragma HLS INLINE
    if (shift <= 0) return NUMBER(value << -shift);
    return NUMBER((value + (NUMBER(1) << (shift - 1))) >> shift);
}

// value / divisor, half up, for a divisor above 0; NUMBER holds twice the value and the divisor.
template <typename NUMBER> NUMBER divided(NUMBER value, NUMBER divisor) {
#pragma HLS INLINE
    const NUMBER dividend = NUMBER(value + value + divisor), halves = NUMBER(divisor + divisor);
    const NUMBER quotient = NUMBER(dividend / halves);
    return NUMBER(quotient - (dividend < 0 && quotient * halves != dividend ? 1 : 0));
}

// value between least and most.
template <typename NUMBER, typename ENDS> NUMBER cut(NUMBER value, ENDS least, ENDS most) {
#pragma HLS INLINE
    return value < least ? NUMBER(least) : value > most ? NUMBER(most) : value;
}

#endif
