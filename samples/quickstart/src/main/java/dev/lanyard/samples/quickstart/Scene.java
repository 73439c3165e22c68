package dev.lanyard.samples.quickstart;

import java.util.List;

/** One thing to see. */
interface Scene {
  /**
   * Returns all scenes.
   *
   * @return new ones, in the order in which they are played
   */
  static List<Scene> all() {
    return List.of(
        new IrsaScene(),
        new PodIdentityScene(),
        new RotationScene(),
        new RefusedScene(),
        new BothScene());
  }

  /**
   * Returns what it is about.
   *
   * @return a few words
   */
  String title();

  /**
   * Plays it.
   *
   * @param stage where it plays
   * @throws Exception if anything is not as it should be
   */
  void play(Stage stage) throws Exception;
}
