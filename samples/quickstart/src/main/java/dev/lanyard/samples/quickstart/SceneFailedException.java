package dev.lanyard.samples.quickstart;

/** Something in a scene is not as it should be. */
final class SceneFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  SceneFailedException(String message) {
    super(message);
  }
}
