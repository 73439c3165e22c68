package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StsLocationTest {
  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, String> properties = new HashMap<>();

  @ParameterizedTest
  @CsvSource({
    "eu-west-1,      , , , https://sts.eu-west-1.amazonaws.com",
    "eu-west-1,      regional, , , https://sts.eu-west-1.amazonaws.com",
    "eu-west-1,      legacy, , , https://sts.amazonaws.com",
    "eu-west-1,      LEGACY, , , https://sts.amazonaws.com",
    "us-east-1,      , , , https://sts.us-east-1.amazonaws.com",
    "us-east-1,      legacy, , , https://sts.amazonaws.com",
    "aws-global,     , , , https://sts.amazonaws.com",
    // Not one of the sixteen: regional even in legacy mode.
    "eu-south-1,     legacy, , , https://sts.eu-south-1.amazonaws.com",
    "ap-northeast-3, legacy, , , https://sts.ap-northeast-3.amazonaws.com",
    "cn-north-1,     legacy, , , https://sts.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1,  legacy, , , https://sts.us-gov-west-1.amazonaws.com",
    // FIPS and dual-stack switch the global shortcut off.
    "us-east-1,      legacy, true, , https://sts-fips.us-east-1.amazonaws.com",
    "us-east-1,      legacy, , true, https://sts.us-east-1.api.aws",
    "us-east-1,      , true, false, https://sts-fips.us-east-1.amazonaws.com",
    "us-east-1,      , true, true, https://sts-fips.us-east-1.api.aws",
    "eu-west-1,      , FALSE, True, https://sts.eu-west-1.api.aws",
    "us-gov-west-1,  , true, , https://sts.us-gov-west-1.amazonaws.com",
    "cn-north-1,     , , true, https://sts.cn-north-1.api.amazonwebservices.com.cn",
    "eusc-de-east-1, , , , https://sts.eusc-de-east-1.amazonaws.eu",
    "us-iso-east-1,  , , , https://sts.us-iso-east-1.c2s.ic.gov",
    "us-isob-east-1, , , , https://sts.us-isob-east-1.sc2s.sgov.gov",
    "cn-north-1,     , , , https://sts.cn-north-1.amazonaws.com.cn",
    "cn-northwest-1, , true, , https://sts-fips.cn-northwest-1.amazonaws.com.cn",
    "us-gov-east-1,  , , , https://sts.us-gov-east-1.amazonaws.com",
    "us-gov-east-1,  , , true, https://sts.us-gov-east-1.api.aws",
    "us-gov-west-1,  , true, true, https://sts-fips.us-gov-west-1.api.aws",
    "eusc-de-east-1, , , true, https://sts.eusc-de-east-1.api.amazonwebservices.eu",
    "eusc-de-east-1, , true, , https://sts-fips.eusc-de-east-1.amazonaws.eu",
    "us-iso-east-1,  , true, , https://sts-fips.us-iso-east-1.c2s.ic.gov",
    "us-iso-east-1,  , , true, https://sts.us-iso-east-1.api.aws.ic.gov",
    "us-iso-west-1,  , , , https://sts.us-iso-west-1.c2s.ic.gov",
    "us-isob-east-1, , , true, https://sts.us-isob-east-1.api.aws.scloud",
    "eu-isoe-west-1, , , , https://sts.eu-isoe-west-1.cloud.adc-e.uk",
    "eu-isoe-west-1, , , true, https://sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
    "us-isof-south-1, , , , https://sts.us-isof-south-1.csp.hci.ic.gov",
    "us-isof-south-1, , , true, https://sts.us-isof-south-1.api.aws.hci.ic.gov",
    "us-isof-east-1, legacy, , , https://sts.us-isof-east-1.csp.hci.ic.gov",
    "zz-future-1,    , , , https://sts.zz-future-1.amazonaws.com",
  })
  void eachRegionHasItsEndpoint(
      String region, String mode, String fips, String dualStack, String endpoint) throws Exception {
    set("AWS_REGION", region);
    set("AWS_STS_REGIONAL_ENDPOINTS", mode);
    set("AWS_USE_FIPS_ENDPOINT", fips);
    set("AWS_USE_DUALSTACK_ENDPOINT", dualStack);

    assertThat(endpoint("aws")).isEqualTo(endpoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ap-northeast-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2"
      })
  void legacyModeSendsTheseRegionsToTheGlobalEndpoint(String region) throws Exception {
    set("AWS_REGION", region);
    set("AWS_STS_REGIONAL_ENDPOINTS", "legacy");

    assertThat(endpoint("aws")).isEqualTo("https://sts.amazonaws.com");
  }

  @Test
  void theRegionIsAPropertyThenAwsRegionThenAwsDefaultRegion() throws Exception {
    set("AWS_DEFAULT_REGION", "eu-west-3");
    assertThat(endpoint("aws")).isEqualTo("https://sts.eu-west-3.amazonaws.com");

    set("AWS_REGION", "eu-west-2");
    assertThat(endpoint("aws")).isEqualTo("https://sts.eu-west-2.amazonaws.com");

    properties.put("aws.region", "eu-west-1");
    assertThat(endpoint("aws")).isEqualTo("https://sts.eu-west-1.amazonaws.com");
  }

  @Test
  void withoutARegionTheGlobalEndpointIsAsked() throws Exception {
    assertThat(endpoint("aws")).isEqualTo("https://sts.amazonaws.com");
    assertThat(evidence()).hasToString("STS region aws-global");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aws-cn",
        "aws-us-gov",
        "aws-eusc",
        "aws-iso",
        "aws-iso-b",
        "aws-iso-e",
        "aws-iso-f"
      })
  void withoutARegionOtherPartitionsHaveNoEndpoint(String partition) {
    InvalidSettingException e = invalid(partition);

    assertThat(e).hasMessageContaining("no region is set").hasMessageContaining(partition);
    assertThat(e.problem().remedy())
        .hasValueSatisfying(r -> assertThat(r).startsWith("Set AWS_REGION"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"})
  void withoutARegionThereIsNoFipsOrDualStackEndpoint(String variable) {
    set(variable, "true");

    assertThat(invalid("aws").problem().remedy())
        .hasValueSatisfying(r -> assertThat(r).startsWith("Set AWS_REGION"));
  }

  @Test
  void anEndpointForStsComesBeforeOneForAllServicesAndPropertiesBeforeVariables() throws Exception {
    set("AWS_REGION", "eu-west-1");
    set("AWS_ENDPOINT_URL", "http://localhost:4");
    assertThat(endpoint("aws")).isEqualTo("http://localhost:4");

    properties.put("aws.endpointUrl", "http://localhost:3");
    assertThat(endpoint("aws")).isEqualTo("http://localhost:3");

    set("AWS_ENDPOINT_URL_STS", "http://localhost:2");
    assertThat(endpoint("aws")).isEqualTo("http://localhost:2");

    properties.put("aws.endpointUrlSts", "http://localhost:1/path");
    assertThat(endpoint("aws")).isEqualTo("http://localhost:1/path");
    assertThat(evidence())
        .hasToString("STS region eu-west-1, STS endpoint http://localhost:1/path");
  }

  @Test
  void configuredEndpointsCanBeIgnored() throws Exception {
    set("AWS_REGION", "eu-west-1");
    set("AWS_ENDPOINT_URL_STS", "http://localhost:2");
    set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");

    assertThat(endpoint("aws")).isEqualTo("https://sts.eu-west-1.amazonaws.com");
  }

  @Test
  void anEndpointNeedsNoRegionInAnyPartition() throws Exception {
    set("AWS_ENDPOINT_URL_STS", "https://sts.example.com");

    assertThat(endpoint("aws-cn")).isEqualTo("https://sts.example.com");
  }

  @ParameterizedTest
  @ValueSource(strings = {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"})
  void anEndpointTogetherWithFipsOrDualStackIsAContradiction(String variable) {
    set("AWS_REGION", "eu-west-1");
    set("AWS_ENDPOINT_URL_STS", "https://sts.example.com");
    set(variable, "true");

    assertThat(invalid("aws")).hasMessageContaining(variable);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sts.example.com",
        "ftp://sts.example.com",
        "https:///path",
        "https://user:password@sts.example.com",
        "https://sts.example.com?x=y",
        "https://sts.example.com#f",
        "https://sts example",
      })
  void anEndpointThatIsNoneIsInvalid(String endpoint) {
    set("AWS_ENDPOINT_URL_STS", endpoint);

    assertThat(invalid("aws"))
        .hasMessageStartingWith("environment variable AWS_ENDPOINT_URL_STS ")
        .hasMessageNotContainingAny("password", "example");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"eu-west-1 ", "\"eu-west-1\"", "eu-west-1.evil.example", "EU", "a/b", "-"})
  void aRegionThatIsNoneIsInvalid(String region) {
    set("AWS_REGION", region);

    assertThat(invalid("aws"))
        .hasMessage(
            "environment variable AWS_REGION is not the name of a region, such as eu-west-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
      })
  void aSwitchIsTrueOrFalse(String variable) {
    set("AWS_REGION", "eu-west-1");
    set(variable, "yes");

    assertThat(invalid("aws"))
        .hasMessage("environment variable " + variable + " is neither true nor false");
  }

  @Test
  void theEvidenceNamesFipsAndDualStack() throws Exception {
    set("AWS_REGION", "us-east-1");
    set("AWS_USE_FIPS_ENDPOINT", "true");
    set("AWS_USE_DUALSTACK_ENDPOINT", "true");

    assertThat(evidence()).hasToString("STS region us-east-1, FIPS true, dual-stack true");
    assertThat(evidence().facts())
        .extracting(Fact::origin)
        .containsExactly(
            Optional.of("environment variable AWS_REGION"),
            Optional.of("environment variable AWS_USE_FIPS_ENDPOINT"),
            Optional.of("environment variable AWS_USE_DUALSTACK_ENDPOINT"));
  }

  @Test
  void theLegacySettingIsTheOriginOfTheGlobalEndpoint() throws Exception {
    set("AWS_REGION", "us-east-1");
    assertThat(evidence().facts())
        .extracting(Fact::origin)
        .containsExactly(Optional.of("environment variable AWS_REGION"));

    set("AWS_STS_REGIONAL_ENDPOINTS", "legacy");
    assertThat(evidence()).hasToString("STS region aws-global");
    assertThat(evidence().facts())
        .extracting(Fact::origin)
        .containsExactly(Optional.of("environment variable AWS_STS_REGIONAL_ENDPOINTS"));
  }

  @Test
  void aRegionThatOnlyCompletesTheClientHasNoOrigin() throws Exception {
    set("AWS_ENDPOINT_URL", "http://localhost:4");

    assertThat(evidence()).hasToString("STS region us-east-1, STS endpoint http://localhost:4");
    assertThat(evidence().facts())
        .extracting(Fact::origin)
        .containsExactly(Optional.empty(), Optional.of("environment variable AWS_ENDPOINT_URL"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "aws-cn|AWS_REGION=|STS-021|",
        "aws|AWS_USE_FIPS_ENDPOINT=true|STS-022|environment variable AWS_USE_FIPS_ENDPOINT",
        "aws|AWS_USE_DUALSTACK_ENDPOINT=true|STS-022|environment variable"
            + " AWS_USE_DUALSTACK_ENDPOINT",
        "aws|AWS_REGION=EU|STS-023|environment variable AWS_REGION",
        "aws|AWS_ENDPOINT_URL_STS=x y|STS-024|environment variable AWS_ENDPOINT_URL_STS",
        "aws|AWS_ENDPOINT_URL=ftp://x|STS-024|environment variable AWS_ENDPOINT_URL",
        "aws|AWS_USE_FIPS_ENDPOINT=yes|STS-025|environment variable AWS_USE_FIPS_ENDPOINT",
      })
  void eachProblemHasItsIdAndNamesItsSetting(
      String partition, String setting, String id, String origin) {
    set(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));

    Problem problem = invalid(partition).problem();

    assertThat(problem.id()).isEqualTo(id);
    assertThat(problem.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(problem.fact("setting")).isEqualTo(Optional.ofNullable(origin));
  }

  @Test
  void aContradictionNamesBothSettings() {
    set("AWS_ENDPOINT_URL_STS", "https://sts.example.com");
    set("AWS_USE_FIPS_ENDPOINT", "true");

    Problem problem = invalid("aws").problem();

    assertThat(problem.id()).isEqualTo("STS-020");
    assertThat(problem.facts())
        .extracting(Fact::toString)
        .containsExactly(
            "endpoint https://sts.example.com",
            "setting environment variable AWS_ENDPOINT_URL_STS",
            "setting environment variable AWS_USE_FIPS_ENDPOINT");
  }

  private Evidence evidence() throws InvalidSettingException {
    Evidence.Builder evidence = Evidence.builder();
    read("aws").addTo(evidence);
    return evidence.build();
  }

  private void set(String variable, String value) {
    if (value != null) {
      variables.put(variable, value);
    }
  }

  private String endpoint(String partition) throws InvalidSettingException {
    return StsCall.endpoint(read(partition)).toString();
  }

  private InvalidSettingException invalid(String partition) {
    return catchThrowableOfType(InvalidSettingException.class, () -> read(partition));
  }

  private StsLocation read(String partition) throws InvalidSettingException {
    return StsLocation.read(
        Environment.of(variables).withProperties(properties),
        Optional.empty(),
        Optional.empty(),
        RoleArn.parse("arn:" + partition + ":iam::111122223333:role/orders").orElseThrow());
  }
}
