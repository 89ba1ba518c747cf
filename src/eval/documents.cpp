#include "ktlm/eval/documents.h"

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::eval {

namespace {

// What the documents are cut into, for all of which the scorer is asked at once.
class Windows {
 public:
  void add(Prompt prompt, size_t document) {
    prompts_.push_back(std::move(prompt));
    document_of_.push_back(document);
  }

  std::vector<DocumentScore> scored(Scorer& scorer, std::vector<DocumentScore> documents,
                                    const ProgressCallback& progress, const StopFlag& stop) const {
    const auto answers = scorer.log_likelihoods(prompts_, progress, stop);
    if (stop.requested()) return {};
    for (size_t i = 0; i < answers.size(); ++i) documents[document_of_[i]].nats -= answers[i].front();
    return documents;
  }

 private:
  std::vector<Prompt> prompts_;
  std::vector<size_t> document_of_;
};

}  // namespace

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
  Windows windows;
  for (const std::string& text : texts) {
    const Ids ids = tokenizer.encode(text);
    auto before = first;
    for (auto begin = ids.begin(); begin != ids.end();) {
      const auto end = begin + std::min(max_targets, ids.end() - begin);
      windows.add({{before}, {Ids(begin, end)}}, documents.size());
      before = *(end - 1);
      begin = end;
    }
    documents.push_back({0, static_cast<int64_t>(ids.size()), static_cast<int64_t>(text.size())});
  }
  return windows.scored(scorer, std::move(documents), progress, stop);
}

bool is_answer(const corpus::ChatMessage& message) { return message.role == "assistant"; }

std::vector<DocumentScore> score_answers(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                         std::span<const std::vector<corpus::ChatMessage>> dialogues,
                                         const ProgressCallback& progress, const StopFlag& stop) {
  const int64_t max_targets = scorer.config().max_seq_len;
  Windows windows;
  std::vector<DocumentScore> documents;
  for (const auto& messages : dialogues) {
    const Ids ids = tokenizer::encode_chat(tokenizer, messages, false);
    const auto part = [&](int64_t begin, int64_t end) { return Ids(ids.begin() + begin, ids.begin() + end); };
    const std::vector<int64_t> wide(ids.begin(), ids.end());
    DocumentScore score;
    for (const auto& message : messages)
      if (is_answer(message)) score.num_bytes += static_cast<int64_t>(message.content.size());
    for (const tokenizer::TokenRange& answer : tokenizer::find_answers(tokenizer, wide)) {
      score.num_tokens += answer.end - answer.begin;
      for (int64_t begin = answer.begin, end = 0; begin < answer.end; begin = end) {
        end = std::min(begin + max_targets, answer.end);
        const int64_t first = std::max<int64_t>(0, end - max_targets - 1);
        windows.add({part(first, begin), {part(begin, end)}}, documents.size());
      }
    }
    if (score.num_tokens == 0 && score.num_bytes > 0)
      throw Error(tokenizer.directory().string() +
                  ": the chat template is another than ChatML, in whose form alone answers are found");
    documents.push_back(score);
  }
  return windows.scored(scorer, std::move(documents), progress, stop);
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
