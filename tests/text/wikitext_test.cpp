#include "ktlm/text/wikitext.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ktlm::text {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

void expect_texts(const Cases& cases) {
  for (const auto& [wikitext, text] : cases) EXPECT_EQ(wikitext_to_text(wikitext), text) << wikitext;
}

TEST(Wikitext, PlainTextStaysAsItIs) {
  expect_texts({{"", ""},
                {"\n\n", ""},
                {"한 줄", "한 줄"},
                {"첫 문단.\n\n둘째 문단.\n셋째 줄.", "첫 문단.\n\n둘째 문단.\n셋째 줄."},
                {"가 ( ) 나 , 다 [1] {집합} 3 < 5 > 2 a_b R&D 'x'", "가 ( ) 나 , 다 [1] {집합} 3 < 5 > 2 a_b R&D 'x'"},
                {"<기생충>을 보았다", "<기생충>을 보았다"}});
}

TEST(Wikitext, LinksKeepTheirWords) {
  expect_texts({{"[[독일]]의 수도", "독일의 수도"},
                {"[[플레인스 (조지아)|플레인스]]", "플레인스"},
                {"[[사과 (과일)|]]", "사과"},
                {"[[가|'''나''' {{틀}} 다]]", "나 다"},
                {"[[:분류:도시|도시 분류]] [[:파일:a.png]]", "도시 분류 a.png"},
                {"[[위키낱말사전:말|말]] [[CSI: 마이애미]] [[IT: 크라우드]]", "말 CSI: 마이애미 IT: 크라우드"},
                {"[[베를린#역사|역사]] [[#역사]]", "역사 역사"}});
}

TEST(Wikitext, FilesCategoriesAndLanguageLinksGo) {
  expect_texts({{"가 [[파일:a.jpg|섬네일|[[국가의회 의사당]] {{llang|de|b}}]] 나", "가 나"},
                {"[[그림:a.jpg]][[File:b.png|thumb]][[image:c.svg|x|y]]", ""},
                {"[[Datei:d.jpg|mini|auf Deutsch]] [[Kategorie:Stadt]][[カテゴリ:都市]][[Catégorie:Ville]]", ""},
                {"끝.\n[[분류:도시]]\n[[Category:Cities]]\n[[en:Berlin]]\n[[zh-min-nan:Berlin]]", "끝."}});
}

TEST(Wikitext, ExternalLinksKeepTheirLabel) {
  expect_texts({{"[http://a.kr 여기]를 보라", "여기를 보라"},
                {"[https://a.kr] 참고 [//b.kr  둘] [mailto:a@b.kr 편지]", "참고 둘 편지"},
                {"[http://a.kr [[내부]] ''글'']", "내부 글"},
                {"[http://a.kr 줄이\n끝난다]", "[http://a.kr 줄이\n끝난다]"},
                {"[[http://a.kr 겹친 괄호]]", "겹친 괄호"},
                {"[http://a.kr　넓은 칸] [http://a.kr/b'c<!-- x -->d 뒤] [http://a.kr''기울임'']", "넓은 칸 뒤 기울임"},
                {"[http://] [mailto:]", "[http://] [mailto:]"},
                {"http://a.kr 그대로", "http://a.kr 그대로"}});
}

TEST(Wikitext, TemplatesGo) {
  expect_texts({{"{{도시 정보\n| 이름 = 베를린\n| 지도 = {{지도|[[a]]|{{b}}}}\n}}\n'''베를린'''은", "베를린은"},
                {"글{{출처 필요|날짜=2017-11-08}}이다.", "글이다."},
                {"{{기본정렬:루카스, 조지}}{{#if:a|b|c}}끝", "끝"},
                {"{{{1|기본값}}}글", "글"},
                {"{{<!-- 숨은 말 -->\n틀<!-- 또 -->\n|가}}{{\n틀\n}}글", "글"},
                {"{{첫 줄\n둘째 줄|셋}} {{가<나}} {{|다}}", "첫 줄\n둘째 줄|셋 가<나 |다"}});
}

TEST(Wikitext, TablesGo) {
  expect_texts({{"앞\n{| class=\"wikitable\"\n! 가 !! 나\n|-\n| 다 || {{a|b}}\n|\n{|\n| 안\n|}\n|}\n뒤", "앞\n\n뒤"},
                {":{|\n| a\n|}\n뒤", "뒤"},
                {"{{틀|a=\n{|\n| x\n|}\n}}뒤", "뒤"},
                {"{{틀|a=1\n|}}뒤", "뒤"},
                {"앞 <table><tr><td>가<table><tr><td>나</td></tr></table></td></tr></table> 뒤", "앞 뒤"}});
}

TEST(Wikitext, AnUnclosedTableLosesItsRowsAndNoMore) {
  EXPECT_EQ(wikitext_to_text("앞\n{| class=\"a\"\n! 가 !! 나\n|-\n| 다 || 라\n뒷글이다.\n== 절 ==\n! 느낌표 줄"),
            "앞\n\n뒷글이다.\n\n절\n! 느낌표 줄");
}

TEST(Wikitext, BarsOutsideTablesAreText) {
  expect_texts(
      {{"|x| < 1이면\n! 주의", "|x| < 1이면\n! 주의"}, {"{{안 닫힌 상자\n| 이름 = 가\n글", "안 닫힌 상자\n\n글"}});
}

TEST(Wikitext, ReferencesGo) {
  expect_texts({{"말이다.<ref>{{서적 인용|제목=책}}</ref> 또 말이다<ref name=\"a\" />.", "말이다. 또 말이다."},
                {"가<REF group=주>나</Ref >다<references />", "가다"},
                {"<ref>{{안 닫힘</ref>글 [[링크]]", "글 링크"},
                {"가<ref name=\"<b>책</b>\">{{서적 인용}}</ref> 나", "가 나"},
                {"<ref>안 닫힌 글", "안 닫힌 글"}});
}

TEST(Wikitext, HeadingsStandAlone) {
  expect_texts({{"머리.\n== 역사 ==\n본문.\n=== ''초기'' [[역사|사]] === <!-- 주석 -->\n더.",
                 "머리.\n\n역사\n본문.\n\n초기 사\n더."},
                {"== a=b ==\n글", "a=b\n글"},
                {"= 하나 =\n글\n== == \n식: a == b", "하나\n글\n\n식: a == b"}});
}

TEST(Wikitext, AHeadingWithoutTextGoes) {
  expect_texts({{"== 표 ==\n{|\n|}\n== 글 ==\n글.", "글\n글."},
                {"== 위 ==\n=== 아래 ===\n글.\n== 끝 ==\n{{각주}}", "위\n\n아래\n글."}});
}

TEST(Wikitext, SectionsWithoutProseAreCutWithTheirSubsections) {
  for (const char* name : {"같이 보기", "각주", "외부 링크", "참고 문헌", "참고문헌", "출처", "주석", "바깥 고리",
                           "참고 자료", "더 보기", "See also", "References", "External links", "'''각주'''"}) {
    const std::string page = "글.\n== " + std::string(name) + " ==\n* 가\n=== 하위 ===\n나\n== 다음 ==\n보임.";
    EXPECT_EQ(wikitext_to_text(page), "글.\n\n다음\n보임.") << name;
  }
  EXPECT_EQ(wikitext_to_text("글.\n=== 각주 ===\n가\n== 다음 ==\n보임."), "글.\n\n다음\n보임.");
}

TEST(Wikitext, ListItemsKeepAMark) {
  expect_texts({{"* 하나\n** 둘\n# 셋\n#: 설명", "- 하나\n- 둘\n- 셋\n설명"},
                {"; 용어\n: 뜻이다.\n:: 더", "용어\n뜻이다.\n더"},
                {"*{{틀}}\n*\n* [[분류:가]]", ""},
                {" 앞이 빈 줄\n----\n뒤", "앞이 빈 줄\n\n뒤"}});
}

TEST(Wikitext, ApostrophesOfItalicAndBoldGo) {
  expect_texts({{"''가'' '''나''' '''''다'''''", "가 나 다"},
                {"l''''amour''' it's", "l'amour it's"},
                {"'''안 닫힘", "안 닫힘"}});
}

TEST(Wikitext, CommentsGo) {
  expect_texts({{"가 <!-- 주석 --> 나", "가 나"},
                {"첫 줄\n<!-- 홀로 -->\n둘째 줄", "첫 줄\n둘째 줄"},
                {"가<!-- 안 닫힘\n== 나 ==", "가"},
                {"<!-- {{ -->글}}", "글"}});
}

TEST(Wikitext, TagsGoAndTheirWordsStay) {
  expect_texts({{"<small>작게</small> <span style=\"color:red\">빨강</span> <code>x</code>", "작게 빨강 x"},
                {"첫째<br />둘째<br>셋째", "첫째\n둘째\n셋째"},
                {"가<p>나</p>다", "가\n\n나\n\n다"},
                {"<div>\n글\n</div>\n<center>가운데</center>", "글\n\n가운데"},
                {"<poem>\n산에는\n꽃 피네\n</poem>", "산에는\n꽃 피네"},
                {"넓이 3m<sup>2</sup>, 10<sup>-6</sup>, H<sub>2</sub>O, 1<sup>st</sup>", "넓이 3m², 10⁻⁶, H2O, 1st"},
                {"<b 안 닫힌 태그", "안 닫힌 태그"}});
}

TEST(Wikitext, ReadingsGoAndTheirBaseStays) {
  expect_texts({{"<ruby>漢字<rp>(</rp><rt>한자</rt><rp>)</rp></ruby>는 글자다.", "漢字는 글자다."},
                {"<ruby><rb>漢</rb><rt lang=\"ko\">한</rt><rb>字</rb><RT>자</RT></ruby>는", "漢字는"},
                {"<ruby>漢<rt>한<rp>)</ruby> 글 <ruby>字<rt>{{lang|ko|자}}</ruby>", "漢 글 字"},
                {"<ruby>漢字<rt>한자</rt><rtc><rt>Hanja</rt><rt>x</rt></rtc></ruby>", "漢字"},
                {"<ruby>'''[[한자|漢字]]'''<rt>[[한자]]</rt></ruby>", "漢字"},
                {"<rt>안 닫힌 글\n\n다음 문단</rt/> <rt/>끝</rt>", "안 닫힌 글\n\n다음 문단 끝"},
                {"<rt>안 닫힌 글", "안 닫힌 글"}});
}

TEST(Wikitext, ContentThatIsNoProseGoes) {
  expect_texts({{"식 <math>a^2 + b^2</math>은 <gallery>\n파일:a.jpg|설명\n</gallery> 끝", "식 은 끝"},
                {"<syntaxhighlight lang=\"c\">int a[[2]];</syntaxhighlight>글", "글"},
                {"<includeonly>숨김</includeonly><noinclude>보임</noinclude><onlyinclude>도</onlyinclude>", "보임도"}});
}

TEST(Wikitext, NowikiAndPreAreTakenAsTheyAre) {
  expect_texts({{"<nowiki>[[그대로]] '''{{x}}'''</nowiki>", "[[그대로]] '''{{x}}'''"},
                {"앞<pre>가 [[나]]\n다 &lt;</pre>뒤", "앞\n가 [[나]]\n다 <\n뒤"},
                {"가<nowiki/>나", "가나"}});
}

TEST(Wikitext, EntitiesAreDecoded) {
  expect_texts({{"A&nbsp;B &lt;b&gt; &amp;lt; &#44032;&#xAC01; &hellip; &middot;", "A B <b> &lt; 가각 … ·"},
                {"R&D &unknown; &; &#; &#xZZ; &#1114112; &#xD800;", "R&D &unknown; &; &#; &#xZZ; \uFFFD \uFFFD"}});
}

TEST(Wikitext, BehaviourSwitchesAndVariantsGo) {
  expect_texts({{"__목차__\n__NOTOC__글 __init__ a__b __LINE__ 빈칸____둘", "글 __init__ a__b __LINE__ 빈칸____둘"},
                {"-{zh-hans:简;zh-hant:繁}-과 -{그대로}-", "简과 그대로"}});
}

TEST(Wikitext, WhatRemovalLeavesBehindIsMended) {
  expect_texts({{"베를린 ({{a}}, {{b}})은", "베를린은"},
                {"베를린({{a}}, [[1307년]] ~ {{b}})은", "베를린(1307년 ~)은"},
                {"가({{a}}; 나, {{b}}) 다", "가(나) 다"},
                {"가, {{a}}, 나 {{b}} .", "가, 나."},
                {"가 {{a}} 나 {{a}}{{b}} , 다", "가 나, 다"},
                {"가(({{a}})) 나", "가 나"},
                {"{{a}}, 가", "가"},
                {"* {{a}}, {{b}}.", ""}});
}

TEST(Wikitext, LabelsGoWithTheWordsBehindThem) {
  expect_texts({{"* 전화: {{전화|02}}\n* 주소: 서울\n* 홈페이지: [http://a.kr]", "- 주소: 서울"},
                {"글이다.\n\n홈페이지: {{url|a.kr}}\n\n다음 글이다.", "글이다.\n\n다음 글이다."},
                {"글이다.\n'''누리집''': {{url}}\n더.", "글이다.\n더."},
                {"서울(영어: {{lang|en}})은", "서울은"},
                {"전화: {{a}}<br>팩스: 02", "팩스: 02"},
                {"* 전화: {{a}}, 팩스: {{b}}\n끝", "끝"},
                {"== 연락 ==\n* 전화: {{a}}\n== 글 ==\n글", "글\n글"}});
}

TEST(Wikitext, LabelsOfWhatFollowsStay) {
  expect_texts({{"구성원: {{출처}}\n* 가\n* 나", "구성원:\n- 가\n- 나"},
                {"구성원: {{출처}}\n\n* 가", "구성원:\n\n- 가"},
                {"경로 입력:<ref>책</ref>\n글이다.", "경로 입력:\n글이다."},
                {"* 구성원:{{출처}}\n** 가\n* 나", "- 구성원:\n- 가\n- 나"},
                {"그 내용은 다음과 같다:<ref>책</ref>\n글이다.", "그 내용은 다음과 같다:\n글이다."},
                {"전화:\n글이다.", "전화:\n글이다."},
                {"이를 풀면: <math>x</math>\n글이다.", "이를 풀면:\n글이다."}});
}

TEST(Wikitext, ReadingsWithoutAnEndTagEndWithWhatHoldsThem) {
  expect_texts({{"{{llang|ja|<ruby>東京<rt>とうきょう}}은 일본의 수도이다. 인구가 많다. "
                 "<ruby>大阪<rt>おおさか</rt></ruby>는 도시이다.",
                 "일본어: 東京은 일본의 수도이다. 인구가 많다. 大阪는 도시이다."},
                {"'''가나'''<rt>읽기 다음에 나오는 본문은 길다.\n<rt>또 나온다.</rt> 끝.",
                 "가나읽기 다음에 나오는 본문은 길다.\n끝."},
                {"'''가나'''<rt>읽기 다음에 나오는 본문은 길다. <rt>또 나온다.</rt> 끝.",
                 "가나읽기 다음에 나오는 본문은 길다. 끝."},
                {"[[도쿄|<ruby>東京<rt>とうきょう]]는 <ruby>大<rt>おお</rt></ruby>", "東京는 大"},
                {"<ruby>東京<rt>とう [[x|きょう]] {{y|z}}</ruby>는", "東京는"},
                {"<ruby>東<rt>とう<rb>京<rt>きょう</ruby>는", "東京는"}});
}

TEST(Wikitext, LabelsOfListsOfAnotherKindStay) {
  expect_texts({{"; 출연:{{틀}}\n: 홍길동\n: 김철수", "출연:\n홍길동\n김철수"},
                {": 출연: {{틀}}\n* 홍길동", "출연:\n- 홍길동"},
                {"** 출연: {{틀}}\n*: 홍길동", "- 출연:\n홍길동"},
                {": 출연: {{틀}}\n; 감독\n: 홍길동", "감독\n홍길동"},
                {"** 출연: {{틀}}\n# 홍길동", "- 홍길동"},
                {"* 출연: {{틀}}\n* 홍길동", "- 홍길동"}});
}

TEST(Wikitext, LabelsOfBlocksStay) {
  expect_texts({{"가사: {{틀}}\n<poem>홍길동\n김철수</poem>", "가사:\n홍길동\n김철수"},
                {"가사: {{틀}}<poem>홍길동</poem>", "가사:\n홍길동"},
                {"판결문: {{틀}}\n<blockquote>홍길동</blockquote>", "판결문:\n\n홍길동"},
                {"코드: {{틀}}\n<pre>a = 1</pre>", "코드:\na = 1"},
                {"코드: {{틀}}\n a = 1\n b = 2", "코드:\na = 1\nb = 2"},
                {"구성원: {{틀}}\n<ul><li>홍길동</li></ul>", "구성원:\n홍길동"},
                {"판결문: {{틀}}\n{{인용문|홍길동}}", "판결문:\n\n홍길동"},
                {" 전화: {{틀}}\n 홍길동", "홍길동"},
                {"<poem>전화: {{틀}}</poem>\n홍길동", "홍길동"},
                {"가사: {{틀}}\n홍길동\n<poem>김철수</poem>", "홍길동\n김철수"}});
}

TEST(Wikitext, LabelsBeforeALineBreakStay) {
  expect_texts({{"출연진: {{틀}}<br>홍길동<br>김철수", "출연진:\n홍길동\n김철수"},
                {"출연진: {{틀}}<br />\n홍길동", "출연진:\n\n홍길동"},
                {"* 출연진: {{틀}}<br />\n홍길동", "홍길동"},
                {"전화: {{틀}}<br>팩스: 02", "팩스: 02"},
                {"전화: {{틀}}<br>팩스: {{틀}}<br>서울", "팩스:\n서울"},
                {"* 전화: {{틀}}<br>\n* 서울", "- 서울"},
                {"홍길동\n전화: {{틀}}<br>\n\n김철수", "홍길동\n\n김철수"}});
}

TEST(Wikitext, LabelsInMidLineStayWithTheWordsBehindThem) {
  expect_texts({{"출연:<ref>1</ref>, 홍길동은 배우이다.", "출연: 홍길동은 배우이다."},
                {"* 원료:<ref>식약처</ref>, 소금, 설탕", "- 원료: 소금, 설탕"},
                {"주소: <!-- x -->, 서울", "주소: 서울"},
                {"정의역: <math>x</math>, 치역: <math>y</math>이다.", "정의역:, 치역: 이다."},
                {"* 국적: {{국기그림|한국}}, 대한민국", "- 국적: 대한민국"},
                {"주소: {{우편번호|110}}, 서울특별시 종로구 1", "주소: 서울특별시 종로구 1"},
                {"전화: {{a}}, 팩스: 02", "팩스: 02"},
                {"* 전화: {{a}},\n* 주소: 서울", "- 주소: 서울"},
                {"* 전화: {{a}}, {{b}}\n* 주소: 서울", "- 주소: 서울"},
                {"구성원: {{a}}, {{b}}\n* 가", "구성원:\n- 가"}});
}

TEST(Wikitext, MarksWithoutAPartnerGoAndTheirWordsStay) {
  expect_texts({{"가 {{나 다", "가 나 다"},
                {"가 }} 나 ]] 다", "가  나  다"},
                {"[[가 {{나|다}} 라", "가 라"},
                {"[[가\n나]] 다", "가\n나 다"},
                {"[[가 [[나]]|다]] 라", "가 나|다 라"},
                {"{{긴 글이다.\n\n다음 문단.}} 끝", "긴 글이다.\n\n다음 문단. 끝"},
                {"{{틀|[[안 닫힌 링크}}글", "글"},
                {"</ref>글</div>", "글"}});
}

TEST(Wikitext, ARedirectHasNoText) { EXPECT_EQ(wikitext_to_text("#넘겨주기 [[서울특별시]]\n{{넘겨주기 분류}}"), ""); }

TEST(WikitextPage, Redirects) {
  for (const char* page :
       {"#넘겨주기 [[가]]", "#REDIRECT [[A]]", "#redirect: [[A]]", " \n#넘겨주기[[가]]", "\uFEFF#Redirect [[A]]"}) {
    EXPECT_TRUE(is_redirect(page)) << page;
  }
  for (const char* page : {"", "#", "# [[가]] 목록", "넘겨주기 [[가]]", "#넘겨주기 가", "#redirects [[a]]"}) {
    EXPECT_FALSE(is_redirect(page)) << page;
  }
}

TEST(WikitextPage, Disambiguations) {
  EXPECT_TRUE(is_disambiguation("글", "사과 (동음이의)"));
  for (const char* page :
       {"'''가'''는\n* 나\n{{동음이의}}", "{{동명이인}}", "{{Disambig}}", "{{ 지명 동음이의 |a}}", "__DISAMBIG__"}) {
    EXPECT_TRUE(is_disambiguation(page, "가")) << page;
  }
  for (const char* page : {"", "{{다른 뜻|가 (동음이의)}}", "동음이의", "{{", "{{토막글}}"}) {
    EXPECT_FALSE(is_disambiguation(page, "가")) << page;
  }
}

}  // namespace
}  // namespace ktlm::text
