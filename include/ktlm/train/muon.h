// Muon (Jordan 2024, kellerjordan.github.io/posts/muon) for the matrices of a model: momentum whose singular values are
// all brought near 1, so that every direction of a matrix learns at the same pace. Rates are scaled as Moonshot does
// (Liu et al. 2025, "Muon is Scalable for LLM Training"): an update's entries have a root mean square of 0.2, as
// AdamW's have, so that both take the same learning rate and weight decay.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "ktlm/model/language_model.h"

namespace ktlm::train {

/// (N, R, C) fp32 -> N matrices with the same singular vectors and singular values of about 1 (0.85 to 1.15 where they
/// were above a hundredth of the norm), in `dtype`, which is also what is multiplied in. A matrix of zeros stays zero.
at::Tensor orthogonalize(const at::Tensor& matrices, at::ScalarType dtype);

class Muon {
 public:
  struct Options {
    double momentum = 0.95, weight_decay = 0.1;
  };

  /// Holds references to the parameters' memory, which must be matrices.
  Muon(const std::vector<model::NamedParameter>& parameters, const Options& options);

  /// One step with the gradients that the parameters hold; nothing changes where `skip`, a float scalar on the device,
  /// is 1 instead of 0. `product_dtype` is orthogonalize's.
  void step(double learning_rate, const at::Tensor& skip, at::ScalarType product_dtype);

  /// The momentum of each parameter, by the parameter's name: views of this optimizer's memory.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  // Matrices of one shape, which go through the products together.
  struct Group {
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters;  // each (R, C)
    at::Tensor momentum;                 // (N, R, C)
  };

  std::vector<Group> groups_;
  Options options_;
};

}  // namespace ktlm::train
