// Small matrix products of fp32 or bf16 with sums in fp32, which libtorch's products of bf16 would round. All operands
// are made of words of 32 bits: one fp32, or two bf16 that are neighbours along the summed dimension, as the CPUs'
// instructions for bf16 take them. Included once for each kind of vector unit, inside of Highway's loop over them.

// The guard of a header that is included once per target.
#if defined(KTLM_OPS_WORD_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KTLM_OPS_WORD_PRODUCT_INL_H
#undef KTLM_OPS_WORD_PRODUCT_INL_H
#else
#define KTLM_OPS_WORD_PRODUCT_INL_H
#endif

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "vectors-inl.h"

// The targets whose CPUs may have instructions for bf16 (AVX512_BF16), which Highway 1.0 does not know.
#undef KTLM_MAY_HAVE_BF16_DOT
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define KTLM_MAY_HAVE_BF16_DOT 1
#else
#define KTLM_MAY_HAVE_BF16_DOT 0
#endif

HWY_BEFORE_NAMESPACE();
namespace ktlm::ops::HWY_NAMESPACE {
namespace {

using Words = hn::Vec<Bits32>;

// Kinds of words: what they hold, values as they hold them, and sum + the products of what two hold.
struct Fp32Words {
  using Value = float;
  using Rounded = V;
  HWY_INLINE static Rounded round(V v) { return v; }
  HWY_INLINE static V multiply_add(Words a, Words b, V sum) {
    return hn::MulAdd(hn::BitCast(d, a), hn::BitCast(d, b), sum);
  }
};

struct Bf16Words {
  using Value = Bf16;
  using Rounded = hn::Vec<Bits16>;
  HWY_INLINE static Rounded round(V v) { return hn::TruncateTo(Bits16(), bf16_bits(v)); }
  HWY_INLINE static V lower(Words w) { return hn::BitCast(d, hn::ShiftLeft<16>(w)); }
  HWY_INLINE static V upper(Words w) { return hn::BitCast(d, hn::And(w, hn::Set(Bits32(), 0xFFFF0000))); }
  HWY_INLINE static V multiply_add(Words a, Words b, V sum) {
    return hn::MulAdd(upper(a), upper(b), hn::MulAdd(lower(a), lower(b), sum));
  }
};

#if KTLM_MAY_HAVE_BF16_DOT
struct Bf16DotWords {
  using Value = Bf16;
  using Rounded = hn::Vec<Bits16>;
  HWY_INLINE static Rounded round(V v) {
    Rounded rounded;
    asm("vcvtneps2bf16 %1, %0" : "=v"(rounded.raw) : "v"(v.raw));
    return rounded;
  }
  HWY_INLINE static V multiply_add(Words a, Words b, V sum) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
};
#endif

HWY_INLINE void store_rounded(V v, float* p) { store(v, p); }
HWY_INLINE void store_rounded(hn::Vec<Bits16> v, Bf16* p) { hn::StoreU(v, Bits16(), reinterpret_cast<uint16_t*>(p)); }

template <class T>
constexpr int64_t kPerWord = static_cast<int64_t>(sizeof(uint32_t) / sizeof(T));

// How many words hold `size` values.
template <class T>
constexpr int64_t words_for(int64_t size) {
  return (size + kPerWord<T> - 1) / kPerWord<T>;
}

// Rows that begin `stride` values apart.
template <class T>
struct Matrix {
  T* data;
  int64_t stride, num_rows;
  T* row(int64_t i) const { return data + i * stride; }
};

// Memory of a task, by libtorch's allocator. Words have the dtype int32, for want of one without a sign.
template <class T>
class Scratch {
 public:
  Scratch(int64_t rows, int64_t columns)
      : tensor_(at::empty({rows, columns}, c10::CppTypeToScalarType<Stored>::value)),
        data_(reinterpret_cast<T*>(tensor_.mutable_data_ptr<Stored>())) {}
  operator T*() const { return data_; }  // NOLINT(google-explicit-constructor): it stands for an array

 private:
  using Stored = std::conditional_t<std::is_same_v<T, uint32_t>, int32_t, T>;
  at::Tensor tensor_;
  T* data_;
};

// The words of `num_columns` rows as columns: to[w][i] is word w of row begin + i. Rows behind the last repeat it.
template <class T>
void transpose_words(const Matrix<const T>& from, int64_t begin, int64_t num_columns, int64_t num_words, uint32_t* to) {
  const hn::RebindToSigned<Floats> indices;
  const int64_t last = from.num_rows - 1 - begin, stride = from.stride / kPerWord<T>;
  const auto* const words = reinterpret_cast<const uint32_t*>(from.row(begin));
  for_each_vector(num_columns, [&](int64_t i) HWY_ATTR {
    const auto row = hn::Min(hn::Iota(indices, static_cast<int32_t>(i)), hn::Set(indices, static_cast<int32_t>(last)));
    const auto index = hn::Mul(row, hn::Set(indices, static_cast<int32_t>(stride)));
    for (int64_t w = 0; w < num_words; ++w)
      hn::StoreU(hn::GatherIndex(Bits32(), words + w, index), Bits32(), to + w * num_columns + i);
  });
}

// Values of neighbouring rows in one word: to[j][c] holds column c of the rows begin + j * kPerWord and following. Rows
// behind the last repeat it.
template <class T>
void join_rows(const Matrix<const T>& from, int64_t begin, int64_t num_rows, int64_t num_columns, uint32_t* to) {
  const auto row = [&](int64_t i) { return from.row(std::min(begin + i, from.num_rows - 1)); };
  for (int64_t i = 0; i < num_rows; i += kPerWord<T>, to += num_columns) {
    if constexpr (std::is_same_v<T, float>) {
      std::memcpy(to, row(i), static_cast<size_t>(num_columns) * sizeof(float));
    } else {
      const auto bits = [](const T* p) HWY_ATTR {
        return hn::PromoteTo(Bits32(), hn::LoadU(Bits16(), reinterpret_cast<const uint16_t*>(p)));
      };
      const T *const first = row(i), *const second = row(i + 1);
      for_each_vector(num_columns, [&](int64_t c) HWY_ATTR {
        hn::StoreU(hn::Or(bits(first + c), hn::ShiftLeft<16>(bits(second + c))), Bits32(), to + c);
      });
    }
  }
}

struct ProductSize {
  int64_t rows, columns, words;  // `words`: of the summed dimension
};

template <class Kind, bool kAdd, int kRows, int kVectors>
HWY_INLINE void product_tile(const char* a, int64_t a_stride, const uint32_t* b, float* c, const ProductSize& size) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) sums[r][v] = kAdd ? load(c + r * size.columns + v * lanes) : hn::Zero(d);
  for (int64_t k = 0; k < size.words; ++k) {
    Words of_b[kVectors];
    for (int v = 0; v < kVectors; ++v) of_b[v] = hn::LoadU(Bits32(), b + k * size.columns + v * lanes);
    for (int r = 0; r < kRows; ++r) {
      uint32_t word;
      std::memcpy(&word, a + r * a_stride + k * static_cast<int64_t>(sizeof word), sizeof word);
      const Words of_a = hn::Set(Bits32(), word);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Kind::multiply_add(of_a, of_b[v], sums[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) store(sums[r][v], c + r * size.columns + v * lanes);
}

template <class Kind, bool kAdd>
void product(const typename Kind::Value* a, int64_t a_stride, const uint32_t* b, float* c, const ProductSize& size) {
  // As many sums as hide the latency of an addition, and leave registers for the operands.
  constexpr int kTileRows = HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3 ? 4 : 8, kTileVectors = 2;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto* const bytes = reinterpret_cast<const char*>(a);
  const int64_t stride = a_stride * static_cast<int64_t>(sizeof(*a));
  for (int64_t column = 0; column < size.columns;) {
    const bool wide = size.columns - column >= kTileVectors * lanes;
    for (int64_t row = 0; row < size.rows;) {
      const bool high = size.rows - row >= kTileRows;
      const auto* const rows = bytes + row * stride;
      float* const sums = c + row * size.columns + column;
      if (wide && high) product_tile<Kind, kAdd, kTileRows, kTileVectors>(rows, stride, b + column, sums, size);
      if (wide && !high) product_tile<Kind, kAdd, 1, kTileVectors>(rows, stride, b + column, sums, size);
      if (!wide && high) product_tile<Kind, kAdd, kTileRows, 1>(rows, stride, b + column, sums, size);
      if (!wide && !high) product_tile<Kind, kAdd, 1, 1>(rows, stride, b + column, sums, size);
      row += high ? kTileRows : 1;
    }
    column += wide ? kTileVectors * lanes : lanes;
  }
}

// c = a b. a's rows begin `a_stride` values apart, those of b and c follow each other. Columns: a multiple of 16.
template <class Kind>
void multiply(const typename Kind::Value* a, int64_t a_stride, const uint32_t* b, float* c, const ProductSize& size) {
  product<Kind, false>(a, a_stride, b, c, size);
}

// c += a b.
template <class Kind>
void multiply_add(const typename Kind::Value* a, int64_t a_stride, const uint32_t* b, float* c,
                  const ProductSize& size) {
  product<Kind, true>(a, a_stride, b, c, size);
}

}  // namespace
}  // namespace ktlm::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
