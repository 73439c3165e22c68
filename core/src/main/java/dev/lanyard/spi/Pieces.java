package dev.lanyard.spi;

import java.util.function.IntConsumer;

/**
 * All runs of {@value #LENGTH} characters of some secrets, as 64-bit fingerprints. Two different
 * runs of a text and a secret have the same fingerprint once in more texts than anybody sends, and
 * then a text loses some characters.
 */
final class Pieces {
  /** As much of a secret as nobody can do anything with, and no other text has by chance. */
  static final int LENGTH = 12;

  /** Odd, so that no position of a character is lost. Source: Knuth's MMIX generator. */
  private static final long FACTOR = 6364136223846793005L;

  private static final long FACTOR_TO_THE_LENGTH = power();

  /** An open hash table; 0 is free, and no fingerprint is 0. */
  private long[] table = new long[256];

  private int size;

  /** Adds each run of a text. */
  void addAll(CharSequence secret) {
    each(secret, this::add);
  }

  /** Tells where each run in a text begins that is one of these. */
  void find(CharSequence text, IntConsumer beginning) {
    if (size == 0) {
      return;
    }
    each(
        text,
        (fingerprint, start) -> {
          if (table[slot(fingerprint)] == fingerprint) {
            beginning.accept(start);
          }
        });
  }

  private interface Run {
    void at(long fingerprint, int start);
  }

  private static void each(CharSequence text, Run run) {
    long hash = 0;
    for (int i = 0; i < text.length(); i++) {
      hash = hash * FACTOR + text.charAt(i) + 1;
      if (i >= LENGTH) {
        hash -= FACTOR_TO_THE_LENGTH * (text.charAt(i - LENGTH) + 1);
      }
      if (i >= LENGTH - 1) {
        run.at(hash == 0 ? 1 : hash, i - LENGTH + 1);
      }
    }
  }

  private void add(long fingerprint, int start) {
    int slot = slot(fingerprint);
    if (table[slot] == fingerprint) {
      return;
    }
    table[slot] = fingerprint;
    size++;
    if (size * 2 > table.length) {
      long[] old = table;
      table = new long[old.length * 2];
      for (long one : old) {
        if (one != 0) {
          table[slot(one)] = one;
        }
      }
    }
  }

  private int slot(long fingerprint) {
    long mixed = fingerprint * 0x9e3779b97f4a7c15L;
    int slot = (int) (mixed >>> 32) & (table.length - 1);
    while (table[slot] != 0 && table[slot] != fingerprint) {
      slot = (slot + 1) & (table.length - 1);
    }
    return slot;
  }

  private static long power() {
    long power = 1;
    for (int i = 0; i < LENGTH; i++) {
      power *= FACTOR;
    }
    return power;
  }
}
