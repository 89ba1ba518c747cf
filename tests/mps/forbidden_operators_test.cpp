// Each rule finds what it is there for, and leaves the same operator with better operands alone.
#include "forbidden_operators.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "mps_device.h"

namespace ktlm::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ForbiddenOperators : public MpsTest {
 protected:
  static std::vector<std::string> found_in(const std::function<void()>& work, Phase phase = Phase::kDecoding) {
    return forbidden_calls(record_operators(work), phase);
  }
  static at::Tensor ones(at::IntArrayRef sizes) { return at::ones(sizes, at::kMPS); }
  // Every other column of a wider tensor.
  static at::Tensor strided(std::vector<int64_t> sizes) {
    const int64_t width = sizes.back();
    sizes.back() *= 2;
    return ones(sizes).slice(-1, 0, 2 * width, 2);
  }
};

TEST_F(ForbiddenOperators, ListsOfTensorsAreFound) {
  const std::vector<at::Tensor> list = {ones({2}), ones({3})};
  EXPECT_THAT(found_in([&] { at::_foreach_mul_(list, 2); }), ElementsAre(HasSubstr("no kernels for lists")));
}

TEST_F(ForbiddenOperators, NonBlockingCopiesAreFound) {
  const auto copy = [](bool non_blocking) { at::ones({4}).to(at::kMPS, at::kFloat, non_blocking); };
  EXPECT_THAT(found_in([&] { copy(true); }), ElementsAre(HasSubstr("#139550")));
  EXPECT_THAT(found_in([&] { copy(false); }), IsEmpty());
}

TEST_F(ForbiddenOperators, StridedOperandsAreFound) {
  const at::Tensor x = ones({4, 4}), transposed = ones({4, 4}).t(), s = strided({4, 4});
  EXPECT_THAT(found_in([&] { at::linear(s, x); }), ElementsAre(HasSubstr("#162730")));
  EXPECT_THAT(found_in([&] { at::linear(x, transposed); }), ElementsAre(HasSubstr("#162730")));
  EXPECT_THAT(found_in([&] { at::linear(x, x); }), IsEmpty());
  EXPECT_THAT(found_in([&] { x.clone().addcmul_(x, transposed); }), ElementsAre(HasSubstr("#118115")));
  EXPECT_THAT(found_in([&] { at::addcdiv(x, x, s); }), ElementsAre(HasSubstr("#118115")));
  EXPECT_THAT(found_in([&] { at::addcdiv(x, x, x); }), IsEmpty());
}

TEST_F(ForbiddenOperators, MatrixProductsMayTransposeTheirOperandsAndNoMore) {
  const at::Tensor x = ones({2, 4, 4}), s = strided({2, 4, 4});
  EXPECT_THAT(found_in([&] { at::bmm(x, s); }), ElementsAre(HasSubstr("#197636")));
  EXPECT_THAT(found_in([&] { at::mm(s[0], x[0]); }), ElementsAre(HasSubstr("#197636")));
  EXPECT_THAT(found_in([&] { at::bmm(x, x.transpose(1, 2)); }), IsEmpty());
  EXPECT_THAT(found_in([&] { at::baddbmm(x, x, x, /*beta=*/0); }), ElementsAre(HasSubstr("#187521")));
}

TEST_F(ForbiddenOperators, LongSumsAreFound) {
  const auto multiply = [](int64_t size) { at::mm(ones({2, size}), ones({size, 2})); };
  EXPECT_THAT(found_in([&] { multiply(32767); }), ElementsAre(HasSubstr("#195163")));
  EXPECT_THAT(found_in([&] { multiply(32766); }), IsEmpty());
}

TEST_F(ForbiddenOperators, AttentionIsFoundByItsKeysAndItsStrides) {
  const auto attend = [](const at::Tensor& keys) { at::scaled_dot_product_attention(ones({1, 2, 1, 8}), keys, keys); };
  EXPECT_THAT(found_in([&] { attend(ones({1, 2, 33, 8})); }), testing::Each(HasSubstr("#169222")));
  EXPECT_THAT(found_in([&] { attend(ones({1, 2, 33, 8})); }), testing::Not(IsEmpty()));
  EXPECT_THAT(found_in([&] { attend(ones({1, 32, 2, 8}).transpose(1, 2)); }), testing::Contains(HasSubstr("strided")));
  EXPECT_THAT(found_in([&] { attend(ones({1, 2, 64, 8})); }), IsEmpty());
}

TEST_F(ForbiddenOperators, AttentionIsFoundInTrainingWhateverItsOperands) {
  const at::Tensor x = ones({1, 2, 64, 8}).requires_grad_();
  EXPECT_THAT(found_in([&] { at::scaled_dot_product_attention(x, x, x); }, Phase::kTraining),
              testing::Contains(HasSubstr("O(T²) memory")));
}

}  // namespace
}  // namespace ktlm::test
