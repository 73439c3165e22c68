package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A request in the log is a value, and its text shows no secret. */
class LoggedRequestTest {
  @Test
  void isEqualToOneThatSaysTheSameAndToNoOther() throws Exception {
    IssuedCredentials issued = issued();
    Object[] parts = parts(issued);
    Constructor<?> constructor = LoggedRequest.class.getDeclaredConstructors()[0];
    Object one = constructor.newInstance(parts);

    assertThat(one)
        .isEqualTo(constructor.newInstance(parts(issued)))
        .hasSameHashCodeAs(constructor.newInstance(parts(issued)))
        .isNotEqualTo("STS");
    for (int i = 0; i < parts.length; i++) {
      Object[] changed = parts.clone();
      changed[i] = another(parts[i]);
      assertThat(constructor.newInstance(changed)).as("part %s", i).isNotEqualTo(one);
    }
  }

  @Test
  void saysWhatItIsWithoutASecret() throws Exception {
    IssuedCredentials issued = issued();
    Object request = LoggedRequest.class.getDeclaredConstructors()[0].newInstance(parts(issued));

    assertThat(request.toString())
        .isEqualTo(
            "agent: GET /v1/credentials by shop/orders (pod orders-1) for arn -> 200 AccessDenied"
                + " (why) "
                + issued
                + " [fault: hang] request 1-2-3")
        .doesNotContain(issued.accessKeyId(), issued.secretAccessKey(), issued.sessionToken());
  }

  private static Object[] parts(IssuedCredentials issued) {
    return new Object[] {
      Instant.EPOCH,
      "agent",
      "GET /v1/credentials",
      Optional.of("shop/orders"),
      Optional.of("orders-1"),
      Optional.of("arn"),
      200,
      Optional.of("AccessDenied"),
      Optional.of("why"),
      Optional.of("hang"),
      Optional.of(issued),
      "1-2-3"
    };
  }

  private static Object another(Object part) {
    if (part instanceof Optional) {
      return Optional.empty();
    }
    if (part instanceof Instant at) {
      return at.plusSeconds(1);
    }
    return part instanceof Integer status ? (Object) (status + 1) : part + "x";
  }

  private static IssuedCredentials issued() {
    Role role =
        new Role(
            "arn:aws:iam::111122223333:role/orders",
            "111122223333",
            "orders",
            "AROAEXAMPLE",
            Duration.ofHours(1),
            List.of());
    return new IssuedCredentials(role, "session", Instant.EPOCH, SessionAttributes.NONE);
  }
}
