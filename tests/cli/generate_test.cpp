// ktlm generate and bench through the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "bench_config.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "tiny_model_directory.h"

namespace ktlm {
namespace {

using test::ktlm_with_tiny_model;
using test::ProgramResult;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(GenerateVerb, PromptFromArgumentFileAndStandardInputGiveTheSameText) {
  const std::vector<std::string> seeded = {"generate", "--seed", "7", "--max-new-tokens", "12"};
  const auto with = [&](const std::vector<std::string>& more, const std::string& input = "") {
    std::vector<std::string> arguments = seeded;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ktlm_with_tiny_model(arguments, input);
  };
  write_file_atomically(test::tiny_model_directory() / "prompt.txt", "서울은\n");
  const ProgramResult from_argument = with({"--prompt", "서울은"});
  EXPECT_EQ(from_argument.exit_code, 0) << from_argument.err;
  EXPECT_THAT(from_argument.out, StartsWith("서울은"));
  EXPECT_THAT(from_argument.out, EndsWith("\n"));
  EXPECT_THAT(from_argument.err, HasSubstr("runs/tiny/model on cpu in int8, seed 7"));
  EXPECT_THAT(from_argument.err, HasSubstr("tokens/s"));
  EXPECT_EQ(with({"--prompt-file", "prompt.txt"}).out, from_argument.out);
  EXPECT_EQ(with({"--prompt-file", "-"}, "서울은\n").out, from_argument.out);
  EXPECT_EQ(with({}, "서울은\n").out, from_argument.out);
}

TEST(GenerateVerb, JsonHoldsEveryPromptOfABatch) {
  const ProgramResult result = ktlm_with_tiny_model(
      {"generate", "--prompt", "서울은", "--prompt", "봄", "--seed", "3", "--max-new-tokens", "5", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "generate --json");
  ASSERT_EQ(json.at("results").size(), 2u);
  EXPECT_EQ(json.at("results")[1].at("prompt"), "봄");
  EXPECT_EQ(json.at("results")[1].at("finish_reason"), "length");
  EXPECT_EQ(json.at("results")[1].at("new_tokens"), 5);
  EXPECT_EQ(json.at("seed"), 3);
  // Row 1 draws with seed + 1.
  const ProgramResult alone =
      ktlm_with_tiny_model({"generate", "--prompt", "봄", "--seed", "4", "--max-new-tokens", "5", "--json"});
  EXPECT_EQ(parse_json(alone.out, "alone").at("results")[0].at("text"), json.at("results")[1].at("text"));
}

TEST(GenerateVerb, FaultsAreOneLineAndTheRightExitCode) {
  const auto fault = [](std::vector<std::string> arguments, int exit_code, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"generate", "-q"});
    const ProgramResult result = ktlm_with_tiny_model(arguments, input);
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  std::string long_prompt;
  for (int i = 0; i < 100; ++i) long_prompt += "뷁";
  EXPECT_EQ(fault({}, 1, long_prompt),
            "ktlm generate: standard input: the prompt has 301 tokens, but the model's context holds 64; shorten it by "
            "at least 237 "
            "tokens\n");
  EXPECT_EQ(fault({"--prompt", "가", "--top-p", "1.5"}, 2),
            "ktlm generate: --top-p: should be a number, from 0 to 1, is \"1.5\"\n");
  EXPECT_EQ(fault({"--prompt", "가", "--dtype", "int9"}, 2),
            "ktlm generate: dtype \"int9\" is unknown; choose auto, int8, int4, bf16, fp32 or fp16\n");
  EXPECT_EQ(fault({"--prompt", "가", "--threads", "-1"}, 2),
            "ktlm generate: --threads: should be an integer, from 0 to 1024, is \"-1\"\n");
  EXPECT_EQ(fault({"--prompt", "가", "--device", "gpu"}, 2),
            "ktlm generate: device \"gpu\" is unknown; choose auto, cpu, cuda or mps\n");
  EXPECT_EQ(fault({"--prompt", "가", "--device", "cuda", "--dtype", "int8"}, 2),
            "ktlm generate: --dtype int8 is computed on the CPU alone; leave --device and --decode-device away, or "
            "choose fp32, bf16 or fp16\n");
  EXPECT_THAT(fault({"--prompt", "가", "--model", "nowhere"}, 1), StartsWith("ktlm generate: nowhere"));
  EXPECT_THAT(fault({"--prompt-file", "nowhere.txt"}, 1), StartsWith("ktlm generate: nowhere.txt: "));
}

TEST(GenerateVerb, ALogitBiasMayStandSeveralTimes) {
  const auto text_of = [](const std::vector<std::string>& biases) {
    std::vector<std::string> arguments = {"generate",      "-q", "--prompt",         "서울은",
                                          "--temperature", "0",  "--max-new-tokens", "3"};
    for (const std::string& bias : biases) arguments.insert(arguments.end(), {"--logit-bias", bias});
    const ProgramResult result = ktlm_with_tiny_model(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(text_of({"300=1000", "301=2000"}), text_of({"301=2000"}));
  EXPECT_EQ(text_of({"300=1000", "301=-inf"}), text_of({"300=1000"}));
  EXPECT_NE(text_of({"300=1000"}), text_of({"301=1000"}));
  const ProgramResult unknown = ktlm_with_tiny_model({"generate", "-q", "--prompt", "가", "--logit-bias", "x"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.err, "ktlm generate: logit_bias \"x\": expected TOKEN=NUMBER, such as 15043=+1 or \"</s>=-inf\"\n");
}

TEST(GenerateVerb, ABeamSearchFindsTheSameTextAloneAndAmongOthers) {
  const auto texts_of = [](const std::vector<std::string>& prompts) {
    std::vector<std::string> arguments = {"generate", "-q", "--json", "--beams", "3", "--max-new-tokens", "6"};
    for (const std::string& prompt : prompts) arguments.insert(arguments.end(), {"--prompt", prompt});
    const ProgramResult result = ktlm_with_tiny_model(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<std::string> texts;
    const Json json = parse_json(result.out, "generate --json");
    for (const Json& item : json.at("results")) texts.push_back(item.at("text").get<std::string>());
    return texts;
  };
  const auto together = texts_of({"서울은", "봄"});
  EXPECT_EQ(together[0], texts_of({"서울은"}).front());
  EXPECT_EQ(together[1], texts_of({"봄"}).front());
}

TEST(GenerateVerb, BothEnginesGiveTheSameGreedyText) {
  const auto text_of = [](const std::string& dtype) {
    const ProgramResult result = ktlm_with_tiny_model(
        {"generate", "--prompt", "서울은", "--temperature", "0", "--max-new-tokens", "8", "--dtype", dtype, "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const Json json = parse_json(result.out, "generate --json");
    EXPECT_EQ(json.at("dtype"), dtype == "auto" ? "int8" : dtype);
    return json.at("results")[0].at("text").get<std::string>();
  };
  const std::string expected = text_of("fp32");
  for (const char* dtype : {"bf16", "auto"}) EXPECT_EQ(text_of(dtype), expected) << dtype;
}

// Its input stays open throughout: the end of the input is not what ends it.
TEST(SilentInput, ASignalEndsTokenizeAndPipedGenerateAndChat) {
  const std::filesystem::path& folder = test::tiny_model_directory();
  for (const int signal_number : {SIGINT, SIGTERM}) {
    const auto expect_end = [&](const std::vector<std::string>& arguments, const std::string& input,
                                const std::string& sign_of_work, const std::string& words_out) {
      SCOPED_TRACE(arguments[1]);
      test::RunningProgram program(arguments, {.input = input,
                                               .keep_input_open = true,
                                               .environment = {{"OMP_NUM_THREADS", "1"}},
                                               .directory = folder.string(),
                                               .timeout_seconds = 30});
      EXPECT_TRUE(program.wait_for(sign_of_work));
      ::usleep(sign_of_work.empty() ? 1'500'000 : 300'000);  // until it waits for more
      program.send_signal(signal_number);
      EXPECT_FALSE(program.wait_for("a line that never comes"));
      const ProgramResult result = program.wait();
      EXPECT_EQ(result.exit_code, 128 + signal_number);
      EXPECT_EQ(result.out, words_out);
    };
    expect_end({KTLM_BINARY, "tokenize", "--pieces"}, "\n서울은 한강을", "\n", "\n");
    expect_end({KTLM_BINARY, "chat"}, "/system 짧게\n안", "system message: 짧게\n", "");
    expect_end({KTLM_BINARY, "generate"}, "서울은", "", "");
  }
}

TEST(BenchVerb, MeasuresEveryKindAgainstALimit) {
  write_file_atomically(test::tiny_model_directory() / "bench.yaml",
                        "model: {vocab_size: 300, d_model: 32, n_layers: 2, n_heads: 2, n_kv_heads: 1, d_ff: 64,\n"
                        "        max_seq_len: 64}\n"
                        "train: {micro_batch_size: 2}\n"
                        "bench: {warmup_steps: 1, measured_steps: 2, decode_tokens: 8}\n");
  const std::vector<std::array<std::string, 3>> kinds = {
      {"train", "bf16", "libtorch"}, {"prefill", "bf16", "libtorch"}, {"decode", "bf16", "libtorch"},
      {"prefill", "int4", "own"},    {"decode", "bf16", "own"},       {"decode", "int8", "own"}};
  for (const auto& [what, dtype, engine] : kinds) {
    const ProgramResult result =
        ktlm_with_tiny_model({"bench", what, "--config", "bench.yaml", "--dtype", dtype, "--engine", engine,
                              "--threads", "1", "--device", "cpu", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json json = parse_json(result.out, "bench --json");
    EXPECT_EQ(json.at("what"), what);
    EXPECT_EQ(json.at("dtype"), dtype);
    EXPECT_EQ(json.at("engine"), engine);
    EXPECT_EQ(json.at("threads"), 1);
    EXPECT_EQ(json.at("parameters"), 300 * 32 + 2 * (32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64 + 2 * 32) + 32);
    EXPECT_GT(json.at("tokens_per_second"), 0);
    EXPECT_GT(json.at("peak_memory_bytes"), 1e6);
    EXPECT_GT(json.at(what == "decode" ? "read_bytes_per_second" : "gemm_flops_per_second"), 1e6);
    EXPECT_GT(json.at("fraction_of_limit"), 0);
  }
}

TEST(BenchVerb, ADtypeThatTheEngineDoesNotHaveIsAUsageError) {
  const auto fault = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"bench", "decode", "-q", "--device", "cpu"});
    const ProgramResult result = ktlm_with_tiny_model(arguments);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  EXPECT_EQ(fault({"--dtype", "int8", "--engine", "libtorch"}),
            "ktlm bench: --dtype int8 is known to prefill and decode with ktlm's own engine alone\n");
  EXPECT_EQ(fault({"--dtype", "fp32", "--engine", "own"}),
            "ktlm bench: --engine own computes with bf16, int8 or int4, not with fp32\n");
}

TEST(BenchVerb, BuiltInValuesAreThoseOfTheShippedFile) {
  ConfigTree tree;
  tree.add_file(KTLM_SOURCE_DIR "/configs/bench.yaml");
  const cli::BenchSettings built_in = cli::default_bench_settings();
  EXPECT_EQ(to_yaml("model", load_section<model::ModelConfig>(tree, "model")), to_yaml("model", built_in.model));
  EXPECT_EQ(to_yaml("train", load_section<train::TrainConfig>(tree, "train")), to_yaml("train", built_in.train));
  EXPECT_EQ(to_yaml("bench", load_section<cli::BenchConfig>(tree, "bench")), to_yaml("bench", built_in.bench));
}

TEST(BenchVerb, ContextThatIsTooShortIsAUsageError) {
  const ProgramResult result = ktlm_with_tiny_model(
      {"bench", "decode", "-q", "--set", "model.max_seq_len=64", "--set", "bench.decode_tokens=100"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "ktlm bench: bench takes 102 tokens of context, but model.max_seq_len is 64; lower bench.prompt_tokens or "
            "bench.decode_tokens\n");
}

}  // namespace
}  // namespace ktlm
