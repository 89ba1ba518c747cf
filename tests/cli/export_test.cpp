// ktlm export and ktlm import, as a shell uses them.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "export/model_directory.h"
#include "ktlm/core/files.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm::test {

namespace {

namespace fs = std::filesystem;

// A folder with a run "small" whose model has weights, and the program run there.
class ExportVerb : public testing::Test {
 protected:
  ExportVerb() { write_model_directory(folder_ / "runs" / "small" / "model", small_config(true, true)); }

  ProgramResult ktlm(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), KTLM_BINARY);
    return run_program(arguments, {.directory = folder_.path().string()});
  }
  TemporaryDirectory folder_;
};

TEST_F(ExportVerb, GgufOfTheNewestRunStandsBesideItsModelWithAModelfile) {
  const ProgramResult result = ktlm({"export", "--gguf"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "runs/small/small-q8_0.gguf\nruns/small/small-q8_0.Modelfile\n");
  EXPECT_NE(result.err.find("for Ollama: ollama create small -f runs/small/small-q8_0.Modelfile\n"), std::string::npos)
      << result.err;
  EXPECT_EQ(read_file(folder_ / "runs/small/small-q8_0.gguf").substr(0, 4), "GGUF");
  EXPECT_TRUE(read_file(folder_ / "runs/small/small-q8_0.Modelfile").starts_with("FROM ./small-q8_0.gguf\nTEMPLATE "));
}

TEST_F(ExportVerb, FormFileAndSystemMessageCanBeChosen) {
  const ProgramResult result =
      ktlm({"export", "--gguf", "f16", "--model", "runs/small", "--out", "files/a.gguf", "--system", "짧게 답한다."});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "files/a.gguf\nfiles/a.Modelfile\n");
  EXPECT_NE(read_file(folder_ / "files/a.Modelfile").find("SYSTEM \"\"\"짧게 답한다.\"\"\"\n"), std::string::npos);
}

TEST_F(ExportVerb, AModelNamedByDotsIsExportedBesideItAsWell) {
  fs::create_directory(folder_ / "runs/small/model/deeper");
  for (const auto& [from, name, out] :
       std::vector<std::array<std::string, 3>>{{"runs/small/model", ".", "../small-f32.gguf"},
                                               {"runs/small/model/deeper", "..", "../../small-f32.gguf"},
                                               {"runs/small", ".", "small-f32.gguf"},
                                               {"runs/small", "model/", "small-f32.gguf"},
                                               {"runs/small/model", "../../small", "../../small/small-f32.gguf"}}) {
    SCOPED_TRACE(from + ": " + name);
    const ProgramResult result = run_program({KTLM_BINARY, "export", "-q", "--gguf", "f32", "--model", name},
                                             {.directory = (folder_ / from).string()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out.substr(0, result.out.find('\n')), out);
    EXPECT_TRUE(fs::remove(folder_ / "runs/small/small-f32.gguf"));
  }
}

TEST_F(ExportVerb, QuietlyItPrintsTheNamesAlone) {
  const ProgramResult result = ktlm({"export", "-q", "--gguf", "f32"});
  EXPECT_EQ(result.out, "runs/small/small-f32.gguf\nruns/small/small-f32.Modelfile\n");
  EXPECT_EQ(result.err, "");
}

TEST_F(ExportVerb, WrongUsageIsToldBeforeAnythingIsRead) {
  for (const auto& [arguments, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"export"}, "ktlm export: name a format: --gguf or --onnx\n"},
           {{"export", "--gguf", "q5_k"},
            "ktlm export: no GGUF weights \"q5_k\"; choose one of f32, f16, q8_0, q4_0\n"},
           {{"export", "--gguf", "--out", "a.Modelfile"},
            "ktlm export: --out a.Modelfile: the Modelfile beside the GGUF file would have this name; choose another "
            "ending, such as .gguf\n"},
           {{"export", "--gguf", "--system", "a \"\"\" b"},
            "ktlm export: --system: a Modelfile can't hold a text that begins or ends with \", or has three in a row; "
            "take "
            "other quotation marks\n"}}) {
    const ProgramResult result = ktlm(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, message);
  }
}

TEST_F(ExportVerb, AModelfileOfAPersonIsLeft) {
  write_file_atomically(folder_ / "a.Modelfile", "FROM llama3\n");
  const ProgramResult result = ktlm({"export", "--gguf", "--out", "a.gguf"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err,
            "ktlm export: a.Modelfile: is there already and is none that ktlm wrote for this file; rename it or choose "
            "another --out\n");
  EXPECT_EQ(read_file(folder_ / "a.Modelfile"), "FROM llama3\n");
  EXPECT_FALSE(fs::exists(folder_ / "a.gguf"));
  fs::remove(folder_ / "a.Modelfile");
  for (int time = 0; time < 2; ++time) EXPECT_EQ(ktlm({"export", "-q", "--gguf", "--out", "a.gguf"}).exit_code, 0);
}

TEST_F(ExportVerb, ADirectoryIsNoPlaceForAFile) {
  fs::create_directory(folder_ / "files");
  const ProgramResult result = ktlm({"export", "--gguf", "--out", "files"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm export: --out files: is a directory; name a file, such as files/small-q8_0.gguf\n");
}

TEST_F(ExportVerb, ImportTakesOffTheEndingOfGgufFilesAlone) {
  ktlm({"export", "-q", "--gguf", "--out", "Llama-3.2.gguf"});
  EXPECT_EQ(ktlm({"import", "-q", "Llama-3.2.gguf"}).out, "Llama-3.2\n");
  fs::rename(folder_ / "Llama-3.2.gguf", folder_ / "Llama-3.3");
  const ProgramResult result = ktlm({"import", "Llama-3.3"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "ktlm import: Llama-3.3: has no ending .gguf to leave out; name the directory to write with --out\n");
}

TEST_F(ExportVerb, ImportIntoTheDirectoryItRunsInIsToldAtOnce) {
  ktlm({"export", "-q", "--gguf", "--out", "a.gguf"});
  fs::create_directory(folder_ / "empty");
  const ProgramResult result =
      run_program({KTLM_BINARY, "import", "../a.gguf", "--out", "."}, {.directory = (folder_ / "empty").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "ktlm import: .: is written as a whole under its own name; give that in the place of .\n");
  EXPECT_TRUE(fs::is_empty(folder_ / "empty"));
}

TEST_F(ExportVerb, AModelThatIsNotThereIsAFailure) {
  const ProgramResult result = ktlm({"export", "--gguf", "--model", "nowhere"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "ktlm export: nowhere: no such directory; name a model's or a run's\n");
}

TEST_F(ExportVerb, ImportMakesTheDirectoryThatWasExported) {
  EXPECT_EQ(ktlm({"export", "-q", "--gguf", "f32", "--out", "a.gguf"}).exit_code, 0);
  const ProgramResult result = ktlm({"import", "a.gguf"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "a\n");
  EXPECT_EQ(result.err, "ktlm import: a qwen3 model of 24 tensors\n");
  for (const auto& entry : fs::directory_iterator(folder_ / "runs/small/model"))
    EXPECT_EQ(read_file(folder_ / "a" / entry.path().filename().string()), read_file(entry.path())) << entry.path();

  const ProgramResult again = ktlm({"import", "a.gguf"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.err, "ktlm import: a: is there already and is left as it is; remove it or choose another --out\n");
}

TEST_F(ExportVerb, ImportedModelsTokenizeAsBefore) {
  ktlm({"export", "-q", "--gguf", "q4_0", "--out", "a.gguf"});
  EXPECT_EQ(ktlm({"import", "-q", "a.gguf", "--out", "b"}).out, "b\n");
  write_file_atomically(folder_ / "text.txt", "대한민국의 수도는 서울이다.\nㅋㅋ 그래요 😀\n");
  const ProgramResult before = ktlm({"tokenize", "--model", "runs/small/model", "text.txt"}),
                      after = ktlm({"tokenize", "--model", "b", "text.txt"});
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_EQ(after.out, before.out);
}

TEST_F(ExportVerb, ImportTellsAFileThatIsNoGguf) {
  write_file_atomically(folder_ / "model.bin", "something else");
  const ProgramResult result = ktlm({"import", "model.bin", "--out", "b"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "ktlm import: model.bin: not a GGUF file (it does not begin with \"GGUF\")\n");
  EXPECT_FALSE(fs::exists(folder_ / "b"));
}

}  // namespace

}  // namespace ktlm::test
