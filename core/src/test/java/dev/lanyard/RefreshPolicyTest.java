package dev.lanyard;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefreshPolicyTest {
  private static final RefreshPolicy DEFAULTS = RefreshPolicy.defaults();

  @Test
  void saysWhatItIs() {
    assertThat(DEFAULTS)
        .hasToString(
            "RefreshPolicy[refresh at 0.5 to 0.8 of the lifetime, at least 5 min before the"
                + " expiration; wait at most 30 s; exchange time-out 10 s]");
    assertThat(DEFAULTS.withMaxWait(ofSeconds(Long.MAX_VALUE)).toString()).contains("wait at most");
  }

  @Test
  void isAValue() {
    List<RefreshPolicy> others =
        List.of(
            DEFAULTS.withRefreshWindow(0.4, 0.8),
            DEFAULTS.withRefreshWindow(0.5, 0.7),
            DEFAULTS.withRefreshMargin(ofMinutes(4)),
            DEFAULTS.withMaxWait(ofSeconds(3)),
            DEFAULTS.withExchangeTimeout(ofSeconds(3)));

    assertThat(others).doesNotContain(DEFAULTS).doesNotHaveDuplicates();
    assertThat(DEFAULTS.withRefreshWindow(0.4, 0.8).withRefreshWindow(0.5, 0.8))
        .isEqualTo(DEFAULTS)
        .hasSameHashCodeAs(DEFAULTS);
    assertThat(others.get(0).hashCode()).isNotEqualTo(DEFAULTS.hashCode());
    assertThat(DEFAULTS).isNotEqualTo("RefreshPolicy");
  }

  @ParameterizedTest
  @CsvSource({"0, 0.5", "-0.1, 0.5", "0.6, 0.5", "0.5, 1", "NaN, 0.5", "0.5, NaN"})
  void rejectsAWindowThatIsNone(double from, double to) {
    assertThatThrownBy(() -> DEFAULTS.withRefreshWindow(from, to))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("from " + from + " to " + to);
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0.5", "0.001, 0.999"})
  void takesAWindowThatIsOne(double from, double to) {
    assertThatCode(() -> DEFAULTS.withRefreshWindow(from, to)).doesNotThrowAnyException();
  }

  @Test
  void rejectsTimesThatAreNone() {
    assertThatThrownBy(() -> DEFAULTS.withMaxWait(Duration.ZERO))
        .hasMessageContaining("maximum wait");
    assertThatThrownBy(() -> DEFAULTS.withExchangeTimeout(ofSeconds(-1)))
        .hasMessageContaining("exchange time-out");
    assertThatThrownBy(() -> DEFAULTS.withRefreshMargin(Duration.ofNanos(-1)))
        .hasMessageContaining("margin");
    assertThatCode(() -> DEFAULTS.withRefreshMargin(Duration.ZERO)).doesNotThrowAnyException();
  }
}
