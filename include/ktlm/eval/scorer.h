// What an evaluation needs of a model, whatever it computes with: how likely it finds what follows a context. Texts
// and questions with choices are both asked so. Two implement it: CpuScorer (ktlm's own model, without libtorch) and
// TorchScorer (libtorch, any device).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/model/model_config.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::eval {

using Ids = std::vector<tokenizer::TokenId>;

/// A context, of at least a token, and what may follow it: one continuation or several, each of at least a token. With
/// the context they have at most max_seq_len + 1, for the last token is only foretold.
struct Prompt {
  Ids context;
  std::vector<Ids> continuations;
};

/// For each prompt the natural logarithm of the probability of each continuation.
using LogLikelihoods = std::vector<std::vector<double>>;

class Scorer {
 public:
  virtual ~Scorer() = default;

  virtual const model::ModelConfig& config() const = 0;
  /// Empty when `stop` is requested. What else is asked changes an answer by rounding alone. Throws Error where one is
  /// no finite number, and where memory runs out.
  LogLikelihoods log_likelihoods(std::span<const Prompt> prompts, const ProgressCallback& progress,
                                 const StopFlag& stop);

 protected:
  virtual LogLikelihoods compute(std::span<const Prompt> prompts, const ProgressCallback& progress,
                                 const StopFlag& stop) = 0;
  /// How the message about an answer that is no finite number ends: why, and what to do.
  virtual std::string reason_of_no_number() const;
};

/// The numbers of the prompts, the longest first: prompts of like length share a batch, so that little is padded.
std::vector<size_t> longest_first(std::span<const Prompt> prompts);

}  // namespace ktlm::eval
