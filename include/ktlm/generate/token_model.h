// What generate and chat need of a model, whatever it computes with: contexts that take tokens in and say what may come
// next. Two implement it: InferenceModels (libtorch, any device) and CpuTokenModel (ktlm's own, without libtorch).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ktlm/model/model_config.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

/// For each text the logits (V) behind its last token; memory of the context, until it is called again.
using NextLogits = std::vector<std::span<float>>;

/// Some texts, and what the model keeps of the tokens that it has seen of them.
class TokenContext {
 public:
  /// Instead of a token, of a text that has ended.
  static constexpr tokenizer::TokenId kNoToken = -1;

  virtual ~TokenContext() = default;

  /// Tokens held, of the longest text; shorter ones have no more room than it.
  virtual int64_t length() const = 0;
  virtual int64_t max_len() const = 0;
  /// Forgets everything behind the first `length` tokens, of the others too, which are to become copies of the first.
  virtual void truncate(int64_t length) = 0;
  /// Takes in the prompts of the first texts, one or more, of any lengths but 0; the others follow by copy_text. A
  /// single text may go on so as well. Throws Error, also where memory runs out.
  virtual NextLogits prefill(std::span<const std::vector<tokenizer::TokenId>> prompts) = 0;
  /// Text `to` then holds what text `from` does, so that the logits behind `from` are also those behind it.
  virtual void copy_text(int64_t from, int64_t to) = 0;
  /// Takes in a token of each of the first texts, to whose number the others count as ended. A text with kNoToken has
  /// no logits from then on, unless it becomes a copy of another. Throws Error.
  virtual NextLogits step(std::span<const tokenizer::TokenId> ids) = 0;
};

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual const model::ModelConfig& config() const = 0;
  /// Empty, with room for `max_len` tokens of each text. It refers to the model. Throws Error.
  virtual std::unique_ptr<TokenContext> make_context(int64_t num_texts, int64_t max_len) const = 0;
};

}  // namespace ktlm::generate
