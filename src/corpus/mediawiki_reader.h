// The pages of a MediaWiki XML dump (export-0.3 to 0.11), streamed through expat.
// Schema: https://www.mediawiki.org/xml/export-0.11.xsd
#pragma once

#include <string>

#include "byte_source.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// Emits every page: articles with their wikitext (of several revisions the last), pages of other namespaces,
/// redirects and other content models as dropped. Malformed UTF-8 is repaired and counted. Returns the bytes read.
/// Throws Error naming `name`, line and byte where the XML is damaged, ends too early, or is no MediaWiki export.
int64_t read_mediawiki(ByteSource& source, const std::string& name, const EmitDocument& emit);

}  // namespace ktlm::corpus
