package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.stream.JsonReader;
import dev.lanyard.podidentity.internal.JsonCharacters.Verdict;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.util.VersionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with the Gson of the build and with the oldest one, as the tests of the exchange do. */
class JsonCharactersTest {

  @Test
  void theseLibrariesAreOnTheClassPath() {
    String gson = System.getProperty("lanyard.gson");
    String core = System.getProperty("lanyard.httpcore5");
    if (gson != null) {
      assertThat(JsonReader.class.getProtectionDomain().getCodeSource().getLocation().getPath())
          .endsWith("/gson-" + gson + ".jar");
    }
    if (core != null) {
      assertThat(
              VersionInfo.loadVersionInfo("org.apache.hc.core5", getClass().getClassLoader())
                  .getRelease())
          .isEqualTo(core);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                         | OBJECT",
        "` \t\r\n{ \t\r\n} \t\r\n`  | OBJECT",
        "`\uFEFF{}`                 | OBJECT",
        "{\"a\":\"\\u00fC\\\"\\n\"} | OBJECT",
        "{\"a\":[1,-2.5e+7,true,false,null]} | OBJECT",
        "``                         | NO_OBJECT",
        "`  `                       | NO_OBJECT",
        "[]                         | NO_OBJECT",
        "\"text\"                   | NO_OBJECT",
        "null                       | NO_OBJECT",
        "-1                         | NO_OBJECT",
        "`\uFEFF\uFEFF{}`           | INVALID",
        "`\u00a0{}`                 | INVALID",
        "<html>                     | INVALID",
        "{                          | INVALID",
        "{\"a                       | INVALID",
        "{\"a\\                     | INVALID",
        "{\"a\\u00                  | INVALID",
        "{\"a\":[[]]}               | OBJECT",
        "{\"a\":[[[]]]}             | INVALID",
        "{} x                       | TRAILING",
        "{}{}                       | TRAILING",
      })
  void tellsOneObjectFromAllElse(String text, Verdict verdict) {
    assertThat(JsonCharacters.of(text, 3)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // What Gson's own strict reader has let pass in one version or another.
        "TRUE",
        "True",
        "NULL",
        "FALSE",
        "NaN",
        "Infinity",
        "-Infinity",
        "\"a\u0000b\"",
        "\"a\u001fb\"",
        "\"a\nb\"",
        "\"a\\\nb\"",
        "\"a\\'b\"",
        "\"a\\xb\"",
        "\"\\u00g0\"",
        "\"\\u+123\"",
        "\"\\u00\"",
        "'a'",
        "a",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "0x1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1;2]",
        "{\"a\":1,}",
        "{\"a\"=1}",
        "{\"a\"=>1}",
        "{a:1}",
        "{true:1}",
        "{1:1}",
        "{\"a\"}",
        "[1}",
        "[]]",
        "1 // more",
        "1 /* more */",
        "1 # more",
        "",
      })
  void aValueThatIsNoJsonIsRefusedByWhicheverGson(String value) {
    for (String body : new String[] {"{\"More\":" + value + "}", "{\"More\":[" + value + "]}"}) {
      if (!body.equals("{\"More\":[]}")) {
        assertThatThrownBy(() -> FlatJson.parse(body.getBytes(StandardCharsets.UTF_8)))
            .as(body)
            .isInstanceOf(FlatJson.Invalid.class)
            .hasNoCause();
      }
    }
  }
}
