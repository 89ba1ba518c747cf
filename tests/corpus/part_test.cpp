// What a PartWriter writes, a PartReader reads: several parts as one, and no further than the last checkpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "part_fixtures.h"
#include "part_reader.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::NamedText;
using test::sentence;

std::vector<NamedText> texts_from(int first, int count) {
  std::vector<NamedText> texts;
  for (int i = first; i < first + count; ++i) texts.push_back({std::to_string(i), sentence(i)});
  return texts;
}

std::vector<std::string> ids_in_order(const PartReader& parts) {
  std::vector<std::string> ids;
  for (const PartReader::Frame& frame : parts.frames()) {
    const std::string lines = parts.text(frame, false) + parts.text(frame, true);
    for (size_t begin = 0; begin < lines.size(); begin = lines.find('\n', begin) + 1)
      ids.push_back(document_from_json_line(lines.substr(begin, lines.find('\n', begin) - begin), "part").id);
  }
  return ids;
}

TEST(Part, SeveralPartsReadAsOneInTheirCommonOrder) {
  const test::TemporaryDirectory folder;
  const PrepareConfig config{.val_fraction = 0};
  // Batches of two: 0 1 | 4 5 in one part, 2 3 | 6 7 in the other.
  test::write_part(folder / "a", {{"0", sentence(0)}, {"1", sentence(1)}, {"4", sentence(4)}, {"5", sentence(5)}},
                   config, 2, 0, 2);
  test::write_part(folder / "b", {{"2", sentence(2)}, {"3", sentence(3)}, {"6", sentence(6)}, {"7", sentence(7)}},
                   config, 2, 1, 2);
  const PartReader parts({folder / "b", folder / "a"});
  EXPECT_EQ(parts.num_documents(), 8U);
  EXPECT_THAT(ids_in_order(parts), testing::ElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  for (DocumentNumber number = 0; number < 8; ++number) {
    const PartReader::Frame& frame = parts.frame_of(number);
    const DocumentRecord record = parts.documents(frame)[number - frame.first_document];
    EXPECT_EQ(record.text_hash, hash128(sentence(static_cast<int>(number))));
    EXPECT_EQ(record.id_hash, hash64(std::to_string(number)));
  }
}

// One of each kind of what the first pass does to documents.
std::vector<RawDocument> documents_of_all_kinds() {
  const std::string prose =
      "한강에는 서른 개가 넘는 다리가 있고, 가장 오래된 것은 1917년에 사람이 건너다니도록 놓인 다리이다.";
  std::vector<RawDocument> documents(4);
  documents[0].form = RawForm::kWikitext;
  documents[0].body =
      "'''서울'''({{llang|en|Seoul}}, {{한자|漢城}})은 {{convert|605|km2}}이다.<ref>주</ref> "
      "[[파일:a.jpg|섬네일|그림]]\n" +
      prose + "\n* 전화: {{tel}}\n* <ruby>漢字<rt>한자</rt></ruby>\n== 같이 보기 ==\n* [[부산]]";
  documents[1].form = RawForm::kHtml;
  documents[1].body =
      "<html><body><nav>메뉴</nav><h1>제목</h1><p>" + prose + "</p><p>봄이 오면 강가에 벚꽃이 핀다.</p></body></html>";
  documents[2].form = RawForm::kJson;
  documents[2].body =
      R"({"id": "7", "title": "글", "text": "전화는 010-1234-5678, 메일은 hong@ktlm.kr. )" + prose + "\"}";
  documents[3].body = "ＡＢＣ ﾡ \u1112\u1161\u11AB " + prose;
  return documents;
}

TEST(Part, WhoChangesTheResultOfTheFirstPassRaisesItsVersion) {
  RawBatch batch;
  batch.documents = documents_of_all_kinds();
  const ExtractedBatch result = extract_batch(std::move(batch), {});
  Hash128 sum;
  const auto add = [&sum](const std::string& text) { sum = hash128(to_hex(sum) + text); };
  for (const ExtractedDocument& document : result.documents) add(to_json_line(document.document));
  for (const Signature& signature : result.part.signatures) add(to_hex(signature.copy_bands[0]));
  for (const LineRecord& line : result.part.lines) add(to_hex(line.hash));
  for (const ExtractedDocument& document : result.documents)
    EXPECT_EQ(document.dropped, DropReason::kNone) << drop_reason_name(document.dropped) << document.document.text;
  EXPECT_EQ(std::to_string(kPartVersion) + ": " + to_hex(sum), "3: 7dd4f2c3c28b26a5863808c81ef9b4f1")
      << "a part of the former result must not be gone on with or merged: raise kPartVersion, and set this";
}

TEST(Part, WhatCameBehindTheLastCheckpointIsCutOff) {
  const test::TemporaryDirectory folder;
  const PrepareConfig config{.val_fraction = 0};
  const auto batch_of = [&](uint64_t order) {
    RawBatch batch;
    batch.order = order;
    RawDocument document;
    document.id = std::to_string(order);
    document.body = sentence(static_cast<int>(order));
    batch.documents.push_back(document);
    return extract_batch(std::move(batch), config).part;
  };
  {
    PartWriter writer(folder / "part", Json::object());
    writer.append(batch_of(0));
    writer.checkpoint({{"mark", 1}});
    writer.append(batch_of(1));  // and then the power is cut
  }
  const Json state = read_part_state(folder / "part");
  EXPECT_EQ(state["mark"], 1);
  PartWriter writer(folder / "part", state["files"]);
  writer.append(batch_of(2));
  writer.checkpoint({{"mark", 2}});
  EXPECT_THAT(ids_in_order(PartReader({folder / "part"})), testing::ElementsAre("0", "2"));
}

TEST(Part, FilesShorterThanTheirStateAreNoticed) {
  const test::TemporaryDirectory folder;
  test::write_part(folder / "part", texts_from(0, 10), {});
  const Json state = read_part_state(folder / "part");
  std::filesystem::resize_file(folder / "part" / "documents.bin", 10);
  EXPECT_EQ(
      test::error_message([&] { PartWriter(folder / "part", state["files"]); }),
      (folder / "part" / "documents.bin").string() + ": shorter than 480 bytes; remove the folder and start again");
  for (const char* name : {"documents.bin", "signatures.bin", "text.zst"}) {
    test::write_part(folder / name, texts_from(0, 10), {});
    EXPECT_TRUE(is_whole_part(folder / name, read_part_state(folder / name)));
    std::filesystem::resize_file(folder / name / name, 10);
    EXPECT_FALSE(is_whole_part(folder / name, read_part_state(folder / name)));
    EXPECT_EQ(test::error_message([&] { PartReader({folder / name}); }),
              (folder / name / name).string() + ": ends too early (damaged?); remove the folder and prepare again");
  }
}

TEST(Part, MorePartsThanAProcessMayHaveFilesOpenAreRead) {
  const test::TemporaryDirectory folder;
  constexpr int kNumParts = 150;
  std::vector<std::filesystem::path> directories;
  for (int i = 0; i < kNumParts; ++i) {
    directories.push_back(folder / std::to_string(i));
    test::write_part(directories.back(), texts_from(i, 1), {.val_fraction = 0}, 1, static_cast<uint64_t>(i));
  }
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit few{kNumParts, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<std::string> ids;
  const std::string message = test::error_message([&] { ids = ids_in_order(PartReader(directories)); });
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(message, "(nothing thrown)");
  ASSERT_EQ(ids.size(), static_cast<size_t>(kNumParts));
  EXPECT_EQ(ids.back(), std::to_string(kNumParts - 1));
}

}  // namespace
}  // namespace ktlm::corpus
