#include "ktlm/model/torch_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_message.h"

namespace ktlm::model {
namespace {

using test::error_message;

TEST(TorchError, IsOneLineWithoutAStackTrace) {
  EXPECT_EQ(error_message([] { translate_torch_errors([] {
                                 return at::ones({2, 3}).matmul(at::ones({2, 3}));
                               }); }),
            "libtorch: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
  EXPECT_EQ(error_message([] { translate_torch_errors([] { TORCH_CHECK(false, "first\nsecond"); }); }),
            "libtorch: first");
}

// Of which libtorch tells on a line of 1,500 characters that names every backend.
TEST(TorchError, AMissingOperatorIsNamedWithItsDevice) {
  const auto dispatcher = [] { at::ones({2})._indices(); };  // only sparse tensors have any
  const auto mps = [] {
    TORCH_CHECK_NOT_IMPLEMENTED(false,
                                "The operator 'aten::frexp.Tensor' is not currently implemented for the MPS device. ",
                                "If you want this op to be considered for addition please comment on an issue");
  };
  EXPECT_EQ(error_message([&] { translate_torch_errors(dispatcher); }),
            "libtorch: aten::_indices has no kernel on cpu");
  EXPECT_EQ(error_message([&] { translate_torch_errors(mps); }), "libtorch: aten::frexp.Tensor has no kernel on mps");
}

TEST(TorchError, MemoryThatRunsOutIsToldApartWithWhatToDo) {
  // The CPU's allocator says it in words, CUDA's has a type of its own.
  const auto cpu = [] { TORCH_CHECK(false, "DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"); };
  const auto cuda = [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA is full"); };
  EXPECT_EQ(error_message([&] { translate_torch_errors(cpu); }),
            "out of memory (DefaultCPUAllocator: can't allocate memory: you tried 9 bytes); choose a smaller model, "
            "batch, context or input");
  EXPECT_EQ(error_message([&] { translate_torch_errors(cuda); }),
            "out of memory (CUDA is full); choose a smaller model, batch, context or input");
  EXPECT_THROW(translate_torch_errors([] { throw std::bad_alloc(); }), OutOfMemoryError);
}

TEST(TorchError, OurOwnErrorsAndResultsPassThrough) {
  EXPECT_THROW(translate_torch_errors([] { throw ConfigError("no such device"); }), ConfigError);
  EXPECT_EQ(translate_torch_errors([] { return 7; }), 7);
}

}  // namespace
}  // namespace ktlm::model
