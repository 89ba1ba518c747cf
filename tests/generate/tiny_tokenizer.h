// A tokenizer of 384 pieces, trained on a few sentences, and two ways to draw. Needs no libtorch.
#pragma once

#include <string>
#include <vector>

#include "ktlm/generate/sampling_config.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "temporary_directory.h"

namespace ktlm::test {

inline const std::vector<std::string>& tiny_texts() {
  static const std::vector<std::string> texts = {
      "서울은 한강을 끼고 있는 도시이다. 한강에는 다리가 많고, 강가에는 공원이 많다.",
      "봄에는 벚꽃이 피고 여름에는 비가 많이 온다. 가을에는 단풍이 들고 겨울에는 눈이 온다.",
      "안녕하세요? 오늘은 날씨가 참 좋네요. 같이 산책하러 갈까요?\n네, 좋아요! 어디로 갈까요?",
      "컴퓨터는 수를 세는 기계이다. 수는 0과 1로 적는다. 글자도 그림도 수로 적는다.",
      "고양이는 낮에 자고 밤에 논다. 개는 밤에 자고 낮에 논다. ㅋㅋㅋ ㅠㅠ",
      "할머니는 시장에서 사과와 배와 감을 사 오셨다. 우리는 마루에 앉아 사과를 먹었다.",
  };
  return texts;
}

/// Trains the tokenizer into `directory`.
inline tokenizer::Tokenizer make_tiny_tokenizer(const std::filesystem::path& directory, int64_t vocab_size = 384) {
  const tokenizer::TextSource source = [](const std::function<bool(std::string_view)>& visit) {
    for (const std::string& text : tiny_texts())
      if (!visit(text)) return;
  };
  tokenizer::TrainingTexts texts;
  texts.name = "tiny texts";
  texts.train = texts.measure = source;
  texts.measured_on = "train";
  tokenizer::TokenizerTrainConfig config;
  config.vocab_size = vocab_size;
  config.character_coverage = 1;
  tokenizer::train_tokenizer(texts, directory, config, nullptr, StopFlag());
  return tokenizer::Tokenizer::load(directory);
}

inline generate::SamplingConfig greedy(int64_t max_new_tokens) {
  generate::SamplingConfig config;
  config.temperature = 0;
  config.max_new_tokens = max_new_tokens;
  return config;
}

/// Draws from the whole distribution, flattened, so that anything comes.
inline generate::SamplingConfig wild(int64_t seed, int64_t max_new_tokens) {
  generate::SamplingConfig config;
  config.temperature = 3;
  config.top_k = 0;
  config.top_p = 1;
  config.min_p = 0;
  config.seed = seed;
  config.max_new_tokens = max_new_tokens;
  return config;
}

}  // namespace ktlm::test
