package dev.lanyard.samples.faults;

/** What the provider holds when the fault strikes. */
enum Phase {
  FIRST_FETCH("First fetch"),
  REFRESH_WHILE_VALID("Refresh while valid"),
  REFRESH_AFTER_EXPIRY("Refresh after expiry");

  private final String title;

  Phase(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }
}
