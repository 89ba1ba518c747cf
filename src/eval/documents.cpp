#include "ktlm/eval/documents.h"

#include <algorithm>

#include "ktlm/core/error.h"

namespace ktlm::eval {

std::vector<DocumentScore> score_documents(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                           std::span<const std::string> texts, const ProgressCallback& progress,
                                           const StopFlag& stop) {
  const auto first = tokenizer.begin_id() >= 0 ? tokenizer.begin_id() : tokenizer.eos_id();
  if (first < 0)
    throw Error(
        "the tokenizer has no token that begins or ends a text (bos, eos), behind which a text's first token could be "
        "measured; name one in tokenizer_config.json");
  const auto max_targets = static_cast<std::ptrdiff_t>(scorer.config().max_seq_len);
  std::vector<DocumentScore> documents;
  std::vector<Prompt> windows;
  std::vector<size_t> document_of;  // each window's
  for (const std::string& text : texts) {
    const Ids ids = tokenizer.encode(text);
    auto before = first;
    for (auto begin = ids.begin(); begin != ids.end();) {
      const auto end = begin + std::min(max_targets, ids.end() - begin);
      windows.push_back({{before}, {Ids(begin, end)}});
      document_of.push_back(documents.size());
      before = *(end - 1);
      begin = end;
    }
    documents.push_back({0, static_cast<int64_t>(ids.size()), static_cast<int64_t>(text.size())});
  }
  const auto answers = scorer.log_likelihoods(windows, progress, stop);
  if (stop.requested()) return {};
  for (size_t i = 0; i < answers.size(); ++i) documents[document_of[i]].nats -= answers[i].front();
  return documents;
}

Evaluation evaluation_of(std::span<const DocumentScore> documents) {
  DocumentScore total;
  for (const DocumentScore& document : documents) {
    total.nats += document.nats;
    total.num_tokens += document.num_tokens;
    total.num_bytes += document.num_bytes;
  }
  return make_evaluation(total.nats, total.num_tokens, total.num_bytes);
}

}  // namespace ktlm::eval
