#include "parquet_module.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <exception>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow_json.h"

namespace ktlm::corpus {

namespace {

// Bounds what is held beside the pages and dictionaries that the file's writer made: pages are decoded up to a batch of
// rows, and these become lines bit by bit. How long rows are, the file does not say, since equal ones are stored once;
// a batch is fitted to the one before, so that the first long rows behind short ones are up to kMaxBatchRows together.
constexpr int64_t kBatchBytes = int64_t{1} << 20, kMaxBatchRows = 128;
// Columns that Arrow's own schema calls dictionaries come with a copy of theirs in every batch, which then has more
// rows.
constexpr int64_t kCopiedBytesPerRow = 64;
constexpr size_t kLinesBytes = size_t{256} << 10;
constexpr int64_t kReadBytes = int64_t{256} << 10;  // at a time, of each column
constexpr size_t kMaxColumnsNamed = 12;

using Keys = std::vector<std::string>;

// Of Arrow's words, which may quote a byte of the file ("don't know what type: \x0f").
std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  std::erase_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return line.substr(0, line.find_last_not_of(": ") + 1);
}

std::string unreadable(const arrow::Status& status) {
  const std::string words = "can't be read as Parquet: " + first_line(status.message());
  return words + (status.IsNotImplemented() ? "; convert it to JSONL" : "; fetch the file again");
}

// Lists are gone through without a key of their own, as in JSON.
const arrow::DataType& without_lists(const arrow::DataType& type) {
  const bool is_list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
                       type.id() == arrow::Type::FIXED_SIZE_LIST || type.id() == arrow::Type::LIST_VIEW ||
                       type.id() == arrow::Type::LARGE_LIST_VIEW || type.id() == arrow::Type::MAP;
  return is_list ? without_lists(*type.field(0)->type()) : type;
}

bool leads_to_text(const arrow::FieldVector& fields, const Keys& keys, size_t next = 0) {
  if (next == keys.size()) return false;
  return std::any_of(fields.begin(), fields.end(), [&](const std::shared_ptr<arrow::Field>& field) {
    if (field->name() != keys[next]) return false;
    const arrow::DataType& type = without_lists(*field->type());
    if (type.id() == arrow::Type::STRUCT) return leads_to_text(type.fields(), keys, next + 1);
    return next + 1 == keys.size() && is_text(type);
  });
}

// "meta.title" as --text-field takes it; "id (int64)" where there is no text.
void list_columns(const arrow::FieldVector& fields, const std::string& prefix, std::vector<std::string>& names) {
  for (const auto& field : fields) {
    const arrow::DataType& type = without_lists(*field->type());
    const std::string name = prefix + field->name();
    if (type.id() == arrow::Type::STRUCT)
      list_columns(type.fields(), name + ".", names);
    else
      names.push_back(is_text(type) ? name : name + " (" + type.ToString() + ")");
  }
}

std::string no_text_problem(const arrow::Schema& schema, const ParquetColumns& columns) {
  std::vector<std::string> names;
  list_columns(schema.fields(), "", names);
  std::string listed;
  for (size_t i = 0; i < std::min(names.size(), kMaxColumnsNamed); ++i) listed += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMaxColumnsNamed) listed += ", ...";
  return "has no text column " + columns.wanted + "; its columns are " + listed + "; --text-field names the text's";
}

std::set<std::string> columns_to_read(const arrow::Schema& schema, const ParquetColumns& columns) {
  std::set<std::string> names;
  for (const Keys& keys : columns.texts) {
    if (leads_to_text(schema.fields(), keys)) names.insert(keys.front());
  }
  if (!names.empty()) names.insert(columns.others.begin(), columns.others.end());
  return names;
}

struct BatchBytes {
  int64_t of_rows = 0, of_dictionaries = 0;
};

void count_bytes(const arrow::ArrayData& data, int64_t BatchBytes::*counted, BatchBytes& bytes) {
  for (const auto& buffer : data.buffers) bytes.*counted += buffer == nullptr ? 0 : buffer->size();
  for (const auto& child : data.child_data) count_bytes(*child, counted, bytes);
  if (data.dictionary != nullptr) count_bytes(*data.dictionary, &BatchBytes::of_dictionaries, bytes);
}

int64_t rows_after(const arrow::RecordBatch& batch) {
  BatchBytes bytes;
  for (int i = 0; i < batch.num_columns(); ++i) count_bytes(*batch.column_data(i), &BatchBytes::of_rows, bytes);
  const int64_t fitting = batch.num_rows() * kBatchBytes / std::max<int64_t>(bytes.of_rows, 1);
  const int64_t most = std::max(kMaxBatchRows, bytes.of_dictionaries / kCopiedBytesPerRow);
  return std::clamp(std::min(fitting, 2 * batch.num_rows()), int64_t{1}, most);
}

class Rows : public ParquetRows {
 public:
  /// Returns the problem, or "". Sets `has_no_text` where that is that no column has text.
  std::string open(const std::string& path, const ParquetColumns& columns, bool& has_no_text) {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();  // else a row group's whole column is read at once
    properties.set_buffer_size(kReadBytes);
    properties.set_page_checksum_verification(true);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    arrow::Status status = builder.OpenFile(path, /*memory_map=*/false, properties);
    if (!status.ok()) return unreadable(status);
    auto reader = builder.properties(arrow_properties)->Build();
    if (!reader.ok()) return unreadable(reader.status());
    reader_ = std::move(*reader);

    std::shared_ptr<arrow::Schema> schema;
    status = reader_->GetSchema(&schema);
    if (!status.ok()) return unreadable(status);
    const std::set<std::string> names = columns_to_read(*schema, columns);
    start(names);
    has_no_text = names.empty();
    return has_no_text ? no_text_problem(*schema, columns) : std::string();
  }

  int64_t num_rows() const { return num_rows_; }

  std::string next(std::string& lines) override {
    lines.clear();
    try {
      while (lines.empty()) {
        if (batch_ == nullptr || row_ == batch_->num_rows()) {
          if (const arrow::Status status = read_batch(); !status.ok()) return unreadable(status);
          if (batch_ == nullptr) break;
        }
        for (; row_ < batch_->num_rows() && lines.size() < kLinesBytes; ++row_, ++rows_given_) {
          append_json(*batch_, row_, lines);
          lines += '\n';
        }
      }
    } catch (const std::exception& error) {
      return unreadable(arrow::Status::IOError(error.what()));
    }
    return {};
  }

  double share_read() const override {
    return num_rows_ == 0 ? 1 : static_cast<double>(rows_given_) / static_cast<double>(num_rows_);
  }

 private:
  void start(const std::set<std::string>& names) {
    const auto metadata = reader_->parquet_reader()->metadata();
    num_rows_ = metadata->num_rows();
    for (int leaf = 0; leaf < metadata->num_columns(); ++leaf) {
      if (names.contains(metadata->schema()->GetColumnRoot(leaf)->name())) leaves_.push_back(leaf);
    }
  }

  // Null at the end. A row group begins with a batch of one row: its rows may be of another kind.
  arrow::Status read_batch() {
    int64_t num_rows = batch_ == nullptr ? 1 : rows_after(*batch_);
    batch_ = nullptr;  // before there is another
    row_ = 0;
    while (true) {
      if (batches_ != nullptr) {
        reader_->set_batch_size(num_rows);
        if (const arrow::Status status = batches_->ReadNext(&batch_); !status.ok() || batch_ != nullptr) return status;
      }
      if (next_group_ == reader_->num_row_groups()) return arrow::Status::OK();
      auto batches = reader_->GetRecordBatchReader({next_group_++}, leaves_);
      if (!batches.ok()) return batches.status();
      batches_ = std::move(*batches);
      num_rows = 1;
    }
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<int> leaves_;
  int next_group_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // of the group before
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;  // of the batch, the next
  int64_t rows_given_ = 0, num_rows_ = 0;
};

}  // namespace

}  // namespace ktlm::corpus

extern "C" __attribute__((visibility("default"))) void ktlm_open_parquet(const std::string& path,
                                                                         const ktlm::corpus::ParquetColumns& columns,
                                                                         ktlm::corpus::OpenedParquet& opened) {
  try {
    auto rows = std::make_unique<ktlm::corpus::Rows>();
    opened.problem = rows->open(path, columns, opened.has_no_text);
    opened.num_rows = rows->num_rows();
    if (opened.problem.empty()) opened.rows = std::move(rows);
  } catch (const std::exception& error) {  // Parquet's own way of saying that a file is damaged
    opened.problem = ktlm::corpus::unreadable(arrow::Status::IOError(error.what()));
  }
}
