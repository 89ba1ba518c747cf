// The readers of everything that is no XML dump: JSON lines, plain text, and files that are one document each.
#pragma once

#include <string>

#include "byte_source.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// Emits each line that is not blank, unparsed, with the name and number of the line. Returns the bytes read. Throws
/// Error where a line exceeds 64 MB.
int64_t read_jsonl(ByteSource& source, const std::string& name, const EmitDocument& emit);

/// Emits a file of up to about kTextPieceBytes as one document; a longer one in pieces of that size, cut behind a blank
/// line (where there is none near, behind a line or a sentence), so that a book is neither one document nor a thousand.
/// Returns the bytes read.
inline constexpr size_t kTextPieceBytes = 256'000;
int64_t read_text(ByteSource& source, const std::string& name, const EmitDocument& emit);

/// Emits the whole file, of up to 64 MB, as one document: an HTML page or a page's wikitext. Returns the bytes read.
int64_t read_page(ByteSource& source, const std::string& name, RawForm form, const EmitDocument& emit);

/// "novels/메밀꽃_필_무렵.txt.gz" -> "메밀꽃 필 무렵".
std::string title_from_name(const std::string& name);

}  // namespace ktlm::corpus
