package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;

/** Waits until an object is collected, which is not ours to command. */
final class Collection {
  private Collection() {}

  /** Asks a bounded number of times: enough in practice. */
  static void await(WeakReference<?> reference) {
    for (int i = 0; i < 200 && reference.get() != null; i++) {
      System.gc();
      byte[][] pressure = new byte[16][1 << 16];
      assertThat(pressure).isNotEmpty();
    }
    assertThat(reference.get()).isNull();
  }
}
