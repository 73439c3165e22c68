package dev.lanyard.samples.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Fact;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * The three classes that a framework's configuration can name, made by each framework's own rule,
 * with nothing on the class path hidden. docs/settings.md says which framework has which.
 */
class MadeByNameTest {
  private static final String EKS = "dev.lanyard.EksCredentialsProvider";
  private static final String IRSA = "dev.lanyard.irsa.IrsaCredentialsProvider";
  private static final String POD_IDENTITY =
      "dev.lanyard.podidentity.PodIdentityCredentialsProvider";

  /** Hadoop: a public static method without parameters that the class itself declares. */
  private static Object hadoop(Class<?> type) throws ReflectiveOperationException {
    Method create = type.getDeclaredMethod("create");
    assertThat(Modifier.isStatic(create.getModifiers()) && Modifier.isPublic(create.getModifiers()))
        .isTrue();
    assertThat(Modifier.isAbstract(type.getModifiers())).isFalse();
    assertThat(AwsCredentialsProvider.class).isAssignableFrom(create.getReturnType());
    return create.invoke(null);
  }

  /** Flink's connectors for AWS services. */
  private static Object flink(Class<?> type, Properties configuration)
      throws ReflectiveOperationException {
    return type.getDeclaredConstructor(Properties.class).newInstance(configuration);
  }

  /** Iceberg: a static method that takes the properties below the provider's own prefix. */
  private static Object iceberg(Class<?> type, Map<String, String> settings)
      throws ReflectiveOperationException {
    Method create = type.getDeclaredMethod("create", Map.class);
    assertThat(Modifier.isStatic(create.getModifiers())).isTrue();
    return create.invoke(null, settings);
  }

  /** Kafka Connect: the public constructor without parameters. */
  private static Object connect(Class<?> type) throws ReflectiveOperationException {
    Constructor<?> constructor = type.getConstructor();
    return constructor.newInstance();
  }

  @ParameterizedTest
  @ValueSource(strings = {EKS, IRSA, POD_IDENTITY})
  void eachFrameworkMakesEachClass(String name) throws ReflectiveOperationException {
    Class<?> type = Class.forName(name);
    Properties configuration = new Properties();
    configuration.put("aws.region", "eu-west-1");
    configuration.put("parallelism", 4);
    configuration.put("lanyard.name", "of-flink");

    for (Object made :
        new Object[] {
          hadoop(type), flink(type, new Properties()), iceberg(type, Map.of()), connect(type)
        }) {
      assertThat(made).isInstanceOf(type);
      assertThat(((RefreshingCredentialsProvider) made).explain().name()).isEmpty();
    }
    assertThat(((RefreshingCredentialsProvider) flink(type, configuration)).explain().settings())
        .extracting(Fact::toString)
        .containsExactly("lanyard.name of-flink");
    assertThat(
            ((RefreshingCredentialsProvider) iceberg(type, Map.of("lanyard.name", "of-iceberg")))
                .explain()
                .name())
        .contains("of-iceberg");
  }

  @ParameterizedTest
  @CsvSource({
    EKS + ", lanyard.asume.role",
    IRSA + ", lanyard.asume.role",
    POD_IDENTITY + ", lanyard.asume.role",
    IRSA + ", lanyard.order",
    IRSA + ", lanyard.fallback",
    POD_IDENTITY + ", lanyard.order",
    POD_IDENTITY + ", lanyard.fallback",
    EKS + ", lanyard.validity",
    IRSA + ", lanyard.assume.role",
    POD_IDENTITY + ", lanyard.assume.role",
  })
  void whatCannotWorkIsRefusedByName(String name, String key) throws ReflectiveOperationException {
    Class<?> type = Class.forName(name);
    Properties configuration = new Properties();
    configuration.put(key, "no good");

    assertThatThrownBy(() -> flink(type, configuration))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("setting " + key + " ");
    assertThatThrownBy(() -> iceberg(type, Map.of(key, "no good")))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("setting " + key + " ");
  }
}
