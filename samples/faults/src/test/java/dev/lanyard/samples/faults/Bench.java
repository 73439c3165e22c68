package dev.lanyard.samples.faults;

import dev.lanyard.CredentialsEventListener;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.FakeService;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.TestTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** One source and one pod, with what a fault can do to them. */
final class Bench implements AutoCloseable {
  private final FakeEks eks;
  private final Source source;
  private final TestTime time;
  private final Heard heard;
  private final FakePod pod;
  private final Lanes lanes;
  private final Mount mount = new Mount();
  private final String firstToken;

  Bench(FakeEks eks, String roleArn, Source source, TestTime time, Heard heard) {
    this.eks = eks;
    this.source = source;
    this.time = time;
    this.heard = heard;
    this.lanes = new Lanes(time);
    this.pod = eks.pod("shop", "orders");
    if (source == Source.IRSA) {
      pod.irsa(roleArn);
    } else {
      pod.podIdentity();
    }
    noteToken();
    firstToken = token();
  }

  RefreshingCredentialsProvider provider(Fault fault) {
    Map<String, String> variables = new HashMap<>(pod.variables());
    URI endpoint = service().endpoint();
    switch (source) {
      case IRSA -> variables.put("AWS_ENDPOINT_URL_STS", endpoint.toString());
      case POD_IDENTITY -> variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.toString());
      case ECS -> {
        variables.remove("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        variables.remove("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        variables.put("AWS_CONTAINER_SERVICE_ENDPOINT", "http://" + endpoint.getAuthority());
        variables.put("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", endpoint.getPath());
        variables.put("AWS_CONTAINER_AUTHORIZATION_TOKEN", read(tokenFile()));
      }
    }
    RefreshPolicy policy =
        RefreshPolicy.defaults().withExchangeTimeout(fault.budget()).withMaxWait(fault.maxWait());
    Environment environment = Environment.of(variables);
    if (source == Source.IRSA) {
      IrsaCredentialsProvider.Builder builder =
          IrsaCredentialsProvider.builder()
              .environment(environment)
              .refreshPolicy(policy)
              .listener(CredentialsEventListener.of(heard::event))
              .time(lanes);
      return (fault.isOnAMount() ? builder.tokenFile(mount.file(tokenFile())) : builder).build();
    }
    PodIdentityCredentialsProvider.Builder builder =
        PodIdentityCredentialsProvider.builder()
            .environment(environment)
            .refreshPolicy(policy)
            .listener(CredentialsEventListener.of(heard::event))
            .time(lanes);
    return (fault.isOnAMount() ? builder.tokenFile(mount.file(tokenFile())) : builder).build();
  }

  Source source() {
    return source;
  }

  TestTime time() {
    return time;
  }

  /** How many tasks run and are not held by a file system that hangs. */
  int running() {
    return lanes.running() - mount.held();
  }

  /** Where the token's file is, as far as the provider is concerned, if the fault says so. */
  Mount mount() {
    return mount;
  }

  void beforeEachExchange(Runnable task) {
    lanes.beforeEachExchange(task);
  }

  /** The source. */
  FakeService service() {
    return source == Source.IRSA ? eks.sts() : eks.agent();
  }

  /** Returns the time by everybody else's clock than the pod's. */
  Instant rightNow() {
    return eks.clock().instant();
  }

  /** Returns when the credentials of this key expire, by everybody's clock. */
  Instant expirationOf(String accessKeyId) {
    return eks.issued(accessKeyId)
        .map(IssuedCredentials::expiration)
        .orElseThrow(() -> new AssertionError("credentials that nobody has issued"));
  }

  /** Sets everybody else's clock, so that the pod's is wrong; a token is of the time it is of. */
  void podsClockIsAheadBy(Duration difference) {
    eks.clock().setBehindBy(difference);
    rotate();
  }

  /** The same, with the token that the pod had before. */
  void podsClockIsBehindByWithAnOldToken(Duration difference) {
    eks.clock().setAheadBy(difference);
  }

  /** A service that listens, and that no exchange of this source has anything to do with. */
  FakeService elsewhere() {
    return source == Source.IRSA ? eks.agent() : eks.sts();
  }

  Path tokenFile() {
    return source == Source.IRSA ? pod.webIdentityTokenFile() : pod.authorizationTokenFile();
  }

  void replaceToken(String content) {
    heard.secret(content);
    if (source == Source.IRSA) {
      pod.replaceWebIdentityToken(content);
    } else {
      pod.replaceAuthorizationToken(content);
    }
  }

  /** The token that the pod began with. */
  String firstToken() {
    return firstToken;
  }

  String token() {
    return read(tokenFile());
  }

  /** As the kubelet does. */
  void rotate() {
    pod.rotateToken();
    noteToken();
  }

  void removeTokenFile() {
    try {
      Files.delete(tokenFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the token expire and not be replaced. */
  void letTokenExpire() {
    pod.tokenExpiration(Duration.ofMinutes(10));
    noteToken();
    time.skip(Duration.ofMinutes(11));
  }

  private void noteToken() {
    heard.secret(read(tokenFile()));
  }

  @Override
  public void close() {
    mount.comesBack();
    service().recover();
    eks.clock().setAheadBy(Duration.ZERO);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
