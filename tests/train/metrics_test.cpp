#include "ktlm/train/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"
#include "tensorboard.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class MetricsTest : public testing::Test {
 protected:
  std::string metrics() const { return read_file(run_dir_ / "metrics.jsonl"); }
  int num_event_files() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(run_dir_.path()))
      count += entry.path().filename().string().starts_with("events.out.tfevents.");
    return count;
  }
  MetricsWriter open(int64_t resume_step) const {
    return MetricsWriter::open(run_dir_.path(), {resume_step, resume_step});
  }

  test::TemporaryDirectory run_dir_;
};

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending, descending;
  for (char c = 0; c < 32; ++c) ascending += c, descending += static_cast<char>(31 - c);
  EXPECT_EQ(crc32c(ascending), 0x46dd794eu);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cu);
}

TEST(TfRecord, FramesDataWithLengthAndMaskedChecksums) {
  const std::string record = tf_record("abc");
  ASSERT_EQ(record.size(), 8u + 4u + 3u + 4u);
  EXPECT_EQ(record.substr(0, 8), std::string("\x03\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
  const auto masked = [](std::string_view bytes) {
    const uint32_t crc = crc32c(bytes);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  };
  const auto stored = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(record[at + i]);
    return value;
  };
  EXPECT_EQ(stored(8), masked(record.substr(0, 8)));
  EXPECT_EQ(stored(15), masked("abc"));
}

TEST_F(MetricsTest, EachReportIsOneLineOfJson) {
  auto writer = open(0);
  writer.scalars(10, 1700000000.5, {{"train/loss", 3.25}, {"train/learning_rate", 3e-4}});
  writer.scalars(20, 1700000001.0, {{"train/loss", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(metrics(),
            "{\"step\":10,\"time\":1700000000.5,\"train/loss\":3.25,\"train/learning_rate\":0.0003}\n"
            "{\"step\":20,\"time\":1700000001.0,\"train/loss\":null}\n");
  writer.text(20, "sample/1", "서울은\n\"수도\"");
  EXPECT_THAT(metrics(), HasSubstr("\"sample/1\":\"서울은\\n\\\"수도\\\"\"}\n"));
}

TEST_F(MetricsTest, AResumedRunHoldsEachStepOnce) {
  {
    auto writer = open(0);
    for (int step = 1; step <= 5; ++step) writer.scalars(step, 100, {{"loss", step}});
  }
  {
    auto writer = open(3);
    EXPECT_EQ(metrics(),
              "{\"step\":1,\"time\":100.0,\"loss\":1.0}\n{\"step\":2,\"time\":100.0,\"loss\":2.0}\n"
              "{\"step\":3,\"time\":100.0,\"loss\":3.0}\n");
    writer.scalars(4, 100, {{"loss", 40}});
  }
  EXPECT_THAT(metrics(),
              HasSubstr("\"step\":3,\"time\":100.0,\"loss\":3.0}\n{\"step\":4,\"time\":100.0,\"loss\":40.0}\n"));
  EXPECT_EQ(num_event_files(), 2);
}

TEST_F(MetricsTest, AValidationThatTheCheckpointDoesNotKnowOfIsDropped) {
  const std::string kept =
      "{\"step\":5,\"val/loss\":2.5}\n{\"step\":5,\"sample/a\":\"b\"}\n{\"step\":10,\"train/loss\":2.5}\n";
  write_file_atomically(run_dir_ / "metrics.jsonl",
                        kept + "{\"step\":10,\"val/loss\":2.5}\n{\"step\":10,\"sample/a\":\"b\"}\n");
  auto writer = MetricsWriter::open(run_dir_.path(), {10, 5});
  EXPECT_EQ(metrics(), kept);
}

TEST_F(MetricsTest, ATornLineIsDroppedOnResume) {
  write_file_atomically(run_dir_ / "metrics.jsonl", "{\"step\":1}\n{\"s\n{\"step\":2}\n{\"ste");
  auto writer = open(2);
  EXPECT_EQ(metrics(), "{\"step\":1}\n{\"step\":2}\n");
}

TEST_F(MetricsTest, ANewRunForgetsTheOldOne) {
  { open(0).scalars(1, 100, {{"loss", 1}}); }
  auto writer = open(0);
  EXPECT_EQ(metrics(), "");
  EXPECT_EQ(num_event_files(), 1);
}

TEST_F(MetricsTest, AFullDiskIsNamed) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  AppendFile file("/dev/full");
  EXPECT_EQ(
      test::error_message([&] { file.append("x"); }),
      "/dev/full: can't be written: No space left on device (errno 28); free some space, then go on with --resume");
}

// TensorBoard itself reads what a run and its resumption wrote; read_tensorboard.py compares.
TEST_F(MetricsTest, TensorBoardReadsTheEventsBack) {
  const std::string python = KTLM_SOURCE_DIR "/.venv/bin/python";
  if (std::system(("'" + python + "' -c 'import tensorboard' 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "no tensorboard in " << python << ": install it there to check the event files";
  {
    auto writer = open(0);
    for (int step = 1; step <= 4; ++step)
      writer.scalars(step, 1000.5 + step, {{"train/loss", 8.0 / step}, {"한글", -1e-9}});
    writer.config(0, "model:\n  d_model: 8\n");
    writer.text(2, "sample/1", "옛날 옛적에");
    writer.text(4, "sample/1", "잊힐 말");
    writer.flush();
  }
  auto writer = open(3);
  writer.scalars(4, 2000.0, {{"train/loss", 1.75}});
  writer.text(300, "sample/1", std::string(200, 'a'));
  const std::string script = KTLM_SOURCE_DIR "/tests/train/read_tensorboard.py";
  EXPECT_EQ(std::system(("'" + python + "' '" + script + "' '" + run_dir_.path().string() + "'").c_str()), 0);
}

// TensorBoard reads the files in the order of their names.
TEST(EventFile, OfALaterStartComesBehindEvenWhereTheClockWasPutBack) {
  const test::TemporaryDirectory directory;
  std::vector<std::string> names;
  for (const double wall_time : {1.7e9, 1.6e9, 1.6e9, 1.8e9}) {
    EventFile(directory.path(), 1, wall_time);
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      if (const auto name = entry.path().filename().string();
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  }
  EXPECT_EQ(names.size(), 4U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace ktlm::train
