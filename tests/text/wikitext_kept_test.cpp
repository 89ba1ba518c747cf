// What templates leave behind: the words that a reader of the page sees.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ktlm/text/wikitext.h"

namespace ktlm::text {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

void expect_texts(const Cases& cases) {
  for (const auto& [wikitext, text] : cases) EXPECT_EQ(wikitext_to_text(wikitext), text) << wikitext;
}

TEST(WikitextKept, LanguageTemplatesKeepTheirWords) {
  expect_texts({{"베를린({{llang|de|Berlin}})은", "베를린(독일어: Berlin)은"},
                {"{{lang|en|James}}, {{언어|fr|Paris}}, {{lang-ja|東京}}", "James, Paris, 일본어: 東京"},
                {"{{llang|qqq|Foo}} {{llang|de|}}.", "Foo."},
                {"{{Lang|de|'''굵게'''|nocat=1}} {{틀:한글|가나}}", "굵게 가나"}});
}

TEST(WikitextKept, SomeTemplatesKeepTheirWords) {
  expect_texts({{"{{변환|12|km}}와 {{convert|3|mi|km|0}}", "12 km와 3 mi"},
                {"{{줄바꿈 금지|가 나}} {{글자색|red|빨강}} {{국기나라|독일}}", "가 나 빨강 독일"},
                {"{{루비|漢字|한자}} a{{!}}b{{=}}c", "漢字(한자) a|b=c"},
                {"{{nowrap|1=이름으로}}", "이름으로"}});
}

TEST(WikitextKept, QuotationsAreParagraphsOfTheirOwn) {
  expect_texts({{"말했다.\n{{인용문|나는 생각한다.\n고로 있다.|데카르트}}\n이어서",
                 "말했다.\n\n나는 생각한다.\n고로 있다.\n\n이어서"},
                {"{{quote|text=말|author=이}}뒤", "말\n\n뒤"},
                {"{{인용문|출처=책|내용=이름 붙은 말}}", "이름 붙은 말"}});
}

TEST(WikitextKept, LanguageTemplatesLabelTheirWords) {
  expect_texts({{"서울({{ko-hhrm|서울|漢陽|Seoul|Sŏul}})은", "서울(서울, 한자: 漢陽, 로마자: Seoul)은"},
                {"타이완({{zh|t=臺灣|s=台湾|p=Táiwān|hp=x}})은", "타이완(정체자: 臺灣, 간체자: 台湾, 병음: Táiwān)은"},
                {"{{중국어 표기\n|정체=臺灣\n|병음=Táiwān\n}}타이완은", "타이완은"},
                {"가({{zh|p=}})는", "가는"},
                {"{{nihongo|도쿄|東京|Tōkyō}}와 {{일본어|오사카}}, {{nihongo|나라|奈良}}",
                 "도쿄(東京, Tōkyō)와 오사카, 나라(奈良)"},
                {"{{llang|okm|나랏말ᄊᆞ미}}", "중세 한국어: 나랏말ᄊᆞ미"}});
}

TEST(WikitextKept, DatesAreWrittenOut) {
  expect_texts(
      {{"{{시작일|1988|9|17}}에 열려 {{종료일|1988|10|02}}에", "1988년 9월 17일에 열려 1988년 10월 2일에"},
       {"{{출생일과 나이|1990|1|5}} {{birth date and age|df=yes|1990|01|05}}", "1990년 1월 5일 1990년 1월 5일"},
       {"{{사망일과 나이|2000|2|3|1930|1|1}} {{날짜|2000|2}} {{시작일|2000}}", "2000년 2월 3일 2000년 2월 2000년"},
       {"{{날짜|2000-02-03}} {{시작일|[[2000년]] 봄}} {{날짜|0}} {{시작일}}.", "2000년 2월 3일 2000년 봄 0년."},
       {"{{시작일|2000||3}} {{날짜|a-b-c}} {{날짜|1-2-3-4}}", "2000년 a-b-c 1-2-3-4"}});
}

TEST(WikitextKept, QuantitiesKeepNumberAndUnit) {
  expect_texts({{"{{convert|3|-|5|km|mi}} {{변환|2|to|4|lb}} {{convert|2|x|3|m}}", "3-5 km 2 to 4 lb 2 x 3 m"},
                {"{{val|1.5|0.2|e=3|u=m}} {{val|12|ul=[[미터|m]]}} {{val|7|e=-9}}", "1.5±0.2×10³ m 12 m 7×10⁻⁹"},
                {"{{USD|5}}와 {{₩|1,000}}, {{화폐|5|달러}}, {{circa|1900}}", "US$5와 ₩1,000, 5 달러, c. 1900"},
                {"{{frac|2}} {{분수|3|4}} {{frac|1|3|4}} {{chem|H|2|O}}", "1/2 3/4 1 3/4 H2O"},
                {"{{formatnum:12345}}명과 {{숫자형식:{{값|7}}}}", "12345명과 7"},
                {"값 {{convert}} {{val}} {{USD}} {{frac}}.", "값."}});
}

TEST(WikitextKept, FlagsNameTheirCountry) {
  expect_texts({{"* {{KOR}} 서울\n* {{국기|JPN}} 도쿄\n* {{국기나라|영국}}", "- 대한민국 서울\n- 일본 도쿄\n- 영국"},
                {"{{국기그림|KOR}} 서울 {{kor}} {{XXX}}", "서울"}});
}

TEST(WikitextKept, LegendsAndListsKeepTheirWords) {
  expect_texts(
      {{"{{범례|#fff|[[가]] (1석)}}", "가 (1석)"}, {"앞\n{{plainlist|\n* 가\n* 나\n}}\n뒤", "앞\n\n- 가\n- 나\n\n뒤"}});
}

TEST(WikitextKept, CitationsAreNoQuotations) {
  expect_texts(
      {{"글{{인용|저자=이|제목=책}}이다.", "글이다."},
       {"앞\n{{인용|[[말]]이다.}}\n뒤", "앞\n\n말이다.\n\n뒤"},
       {"{{웹 인용|url=http://a.kr|제목=가}}{{서적 인용|제목=나}}{{cite web|title=x}}{{Cite book|title=y}}", ""}});
}

TEST(WikitextKept, BracketsThatTemplatesEmptyGo) {
  expect_texts({{"베를린({{IPA|a}}, [[한자]]: {{a}})은", "베를린은"},
                {"가({{출생|a}} ~ {{사망|b}})는", "가는"},
                {"가({{a}} · {{b}})는 《{{c}}》 나", "가는 나"},
                {"가(, {{lang|ko|}} [[한자]]: {{lang|zh|}})", "가"}});
}

}  // namespace
}  // namespace ktlm::text
