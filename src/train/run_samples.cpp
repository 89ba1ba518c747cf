#include "run_samples.h"

#include <algorithm>
#include <string_view>

#include "ktlm/core/line_chart.h"

namespace ktlm::train {

namespace {

// Bounds of the page, far beyond what ktlm train writes in a usual run.
constexpr size_t kMostTexts = 200, kMostTextsOfPrompt = 12, kMostBytes = 1500;

std::vector<std::string> prompts_of(const std::vector<RunHistory>& runs) {
  std::vector<std::string> prompts;
  for (const RunHistory& run : runs) {
    for (const SampleReport& sample : run.samples)
      if (std::ranges::find(prompts, sample.prompt) == prompts.end()) prompts.push_back(sample.prompt);
  }
  return prompts;
}

std::vector<const SampleReport*> samples_of(const RunHistory& run, const std::string& prompt) {
  std::vector<const SampleReport*> samples;
  for (const SampleReport& sample : run.samples)
    if (sample.prompt == prompt) samples.push_back(&sample);
  return samples;
}

// `most` of them or fewer, evenly from the first to the last.
std::vector<const SampleReport*> spread(const std::vector<const SampleReport*>& samples, size_t most) {
  if (samples.size() <= most) return samples;
  std::vector<const SampleReport*> chosen;
  for (size_t i = 0; i < most; ++i) chosen.push_back(samples[i * (samples.size() - 1) / (most - 1)]);
  return chosen;
}

std::string cut(std::string text) {
  if (text.size() <= kMostBytes) return text;
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // within a character
  return text.substr(0, end) + " …";
}

// The prompt is the reader's own: it steps back behind what the model made of it.
Html sample_text(const SampleReport& sample) {
  std::string text = sample.text;
  Html prompt;
  if (text.starts_with(sample.prompt)) {
    text.erase(0, sample.prompt.size());
    prompt = html_element("span", Html::text(sample.prompt), "quiet");
  }
  return html_element("div", prompt + Html::text(cut(std::move(text))), "sample");
}

Html samples_of_one(const RunHistory& run, const std::string& prompt, size_t most) {
  std::vector<std::vector<Html>> rows;
  for (const SampleReport* sample : spread(samples_of(run, prompt), most))
    rows.push_back({Html::text(format_grouped(sample->step)), sample_text(*sample)});
  return html_table({{"step", true}, {"text"}}, rows);
}

Html samples_of_several(const std::vector<RunHistory>& runs, const std::vector<std::string>& names,
                        const std::string& prompt) {
  std::vector<std::vector<Html>> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto samples = samples_of(runs[i], prompt);
    if (samples.empty()) continue;
    rows.push_back({html_element("span", line_swatch(i) + Html::text(names[i]), "name"),
                    Html::text(format_grouped(samples.back()->step)), sample_text(*samples.back())});
  }
  return html_table({{"run"}, {"step", true}, {"last text"}}, rows);
}

}  // namespace

Html run_samples(const std::vector<RunHistory>& runs, const std::vector<std::string>& names) {
  std::vector<std::string> prompts = prompts_of(runs);
  const size_t num_prompts = prompts.size();
  prompts.resize(std::min(num_prompts, kMostTexts / std::max<size_t>(runs.size(), 2)));
  Html body;
  for (const std::string& prompt : prompts) {
    const size_t most = std::clamp<size_t>(kMostTexts / num_prompts, 2, kMostTextsOfPrompt);
    body += html_element("h3", Html::text(prompt)) +
            (runs.size() == 1 ? samples_of_one(runs.front(), prompt, most) : samples_of_several(runs, names, prompt));
  }
  return body;
}

}  // namespace ktlm::train
