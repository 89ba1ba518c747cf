// How well a model predicts documents, each by itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/corpus/document.h"
#include "ktlm/eval/evaluation.h"
#include "ktlm/eval/scorer.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::eval {

struct DocumentScore {
  double nats = 0;
  int64_t num_tokens = 0;
  int64_t num_bytes = 0;  // of the text as given, in UTF-8
};

/// Each text behind BOS (or EOS, where the tokenizer has no BOS), in windows of max_seq_len tokens that share no
/// context: what stands before a window is not seen. No end token is counted. Empty when `stop` is requested. Throws
/// Error as the scorer does, and for a tokenizer with neither.
std::vector<DocumentScore> score_documents(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                           std::span<const std::string> texts, const ProgressCallback& progress,
                                           const StopFlag& stop);

/// Whether a message is the assistant's.
bool is_answer(const corpus::ChatMessage& message);

/// Of each dialogue the answers alone, with the token that ends each, behind what stands before them in the model's
/// chat template: what training on dialogues lowers. An answer sees at most max_seq_len tokens; a longer one is cut
/// into windows as a text is. Bytes are those of the answers' contents. Empty when `stop` is requested. Throws Error as
/// the scorer does, and where the tokenizer has no template in which answers can be found.
std::vector<DocumentScore> score_answers(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                         std::span<const std::vector<corpus::ChatMessage>> dialogues,
                                         const ProgressCallback& progress, const StopFlag& stop);

/// Of all together.
Evaluation evaluation_of(std::span<const DocumentScore> documents);

}  // namespace ktlm::eval
