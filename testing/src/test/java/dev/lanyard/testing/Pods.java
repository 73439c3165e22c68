package dev.lanyard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What a program in a pod does, by hand. */
final class Pods {
  private Pods() {}

  static Http.Answer exchange(FakeEks eks, FakePod pod, String role) {
    return Http.post(
        eks.sts().endpoint(),
        Map.of(
            "Action", "AssumeRoleWithWebIdentity",
            "Version", "2011-06-15",
            "RoleArn", role,
            "RoleSessionName", "orders-7d9f",
            "WebIdentityToken", read(pod.webIdentityTokenFile())));
  }

  static Http.Answer ask(FakeEks eks, FakePod pod) {
    return Http.get(eks.agent().endpoint(), "Authorization: " + read(pod.authorizationTokenFile()));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
