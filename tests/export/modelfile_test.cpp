#include "ktlm/export/modelfile.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::formats {

namespace {

TEST(Modelfile, TellsOllamaTheTemplateTheEndAndTheSampling) {
  EXPECT_EQ(
      modelfile({.gguf = "small-q8_0.gguf", .has_chat_markers = true, .context_tokens = 512, .system = "짧게 답한다."}),
      R"(FROM ./small-q8_0.gguf
TEMPLATE """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
SYSTEM """짧게 답한다."""
PARAMETER stop <|im_end|>
PARAMETER num_ctx 512
PARAMETER num_predict 256
PARAMETER temperature 0.8
PARAMETER top_k 40
PARAMETER top_p 0.95
PARAMETER min_p 0.05
PARAMETER repeat_penalty 1.1
PARAMETER repeat_last_n 64
)");
}

TEST(Modelfile, OfAModelWithoutMarkersContinuesThePrompt) {
  const std::string text = modelfile({.gguf = "a.gguf", .has_chat_markers = false, .context_tokens = 64, .system = ""});
  EXPECT_NE(text.find("TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n"), std::string::npos);
  EXPECT_EQ(text.find("stop"), std::string::npos);
  EXPECT_EQ(text.find("SYSTEM"), std::string::npos);
}

TEST(Modelfile, RefusesATextThatItsQuotesWouldEnd) {
  const std::string message =
      "--system: a Modelfile can't hold a text that begins or ends with \", or has three in a row; take other "
      "quotation marks";
  for (const char* text : {R"(세 """ 따옴표)", R"("앞")", R"(뒤")"})
    EXPECT_EQ(test::error_message([&] { check_modelfile_text(text, "--system"); }), message);
  check_modelfile_text(R"(가운데 "말" 은 된다)", "--system");
}

}  // namespace

}  // namespace ktlm::formats
