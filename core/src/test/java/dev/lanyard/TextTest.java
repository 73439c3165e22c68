package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What messages are made of. */
class TextTest {
  @ParameterizedTest
  @CsvSource({
    "PT-1S,     0 ms",
    "PT0.999S,  999 ms",
    "PT1S,      1 s",
    "PT1M59S,   119 s",
    "PT2M,      2 min",
    "PT1H59M,   119 min",
    "PT2H,      2 h 0 min",
    "PT25H30M,  25 h 30 min",
  })
  void writesADurationAsAPersonWould(Duration duration, String text) {
    assertThat(Text.of(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "'no token ', no token.",
    "no token., no token.",
    "is it?, is it?",
    "at [::1], at [::1].",
    "'', ''"
  })
  void endsASentenceOnce(String text, String sentence) {
    assertThat(Text.sentence(text)).isEqualTo(sentence);
  }

  @Test
  void showsTheLastFourCharactersOfAKeyId() {
    assertThat(Text.keyId("ASIA1234")).isEqualTo("****1234");
    assertThat(Text.keyId("A")).isEqualTo("****A");
  }

  @Test
  void showsOfAnUnexpectedExceptionTheClassesAndStacksAlone() {
    Exception deep = new IOException("secret");
    for (int i = 0; i < 20; i++) {
      deep = new IllegalStateException("secret", deep);
    }
    Throwable shown = Unexpected.of(deep);

    assertThat(shown.getMessage()).isEqualTo("java.lang.IllegalStateException");
    assertThat(shown.getStackTrace()).isEqualTo(deep.getStackTrace());
    int depth = 0;
    for (Throwable cause = shown; cause != null; cause = cause.getCause()) {
      assertThat(cause.toString()).doesNotContain("secret");
      depth++;
    }
    assertThat(depth).isEqualTo(6);
    assertThat(Unexpected.of(new IOException("secret", new InterruptedException("secret"))))
        .hasRootCauseMessage("java.lang.InterruptedException");
  }
}
