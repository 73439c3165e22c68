package dev.lanyard.samples.faults;

/** Where credentials come from. */
enum Source {
  IRSA("IRSA", "a web identity token from its file, exchanged at STS; credentials last one hour"),
  POD_IDENTITY(
      "EKS Pod Identity",
      "the full URI of the agent, with the token from its file; credentials last six hours"),
  ECS(
      "ECS and other container endpoints",
      "a relative URI, with the token from an environment variable; the rest is as above");

  private final String title;
  private final String description;

  Source(String title, String description) {
    this.title = title;
    this.description = description;
  }

  String title() {
    return title;
  }

  String description() {
    return description;
  }

  /** Whether the token is in a file, which can be absent, spoiled and rotated. */
  boolean hasTokenFile() {
    return this != ECS;
  }
}
