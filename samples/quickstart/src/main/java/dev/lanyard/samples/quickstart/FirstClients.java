package dev.lanyard.samples.quickstart;

import dev.lanyard.EksCredentialsProvider;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** The lines that the README shows: a test compares them. */
final class FirstClients implements AutoCloseable {
  private final S3Client blocking;
  private final S3AsyncClient asynchronous;

  FirstClients() {
    EksCredentialsProvider credentials = EksCredentialsProvider.create();
    S3Client s3 = S3Client.builder().credentialsProvider(credentials).build();
    S3AsyncClient s3Async = S3AsyncClient.builder().credentialsProvider(credentials).build();
    System.out.println(credentials.explain());
    this.blocking = s3;
    this.asynchronous = s3Async;
  }

  /** Closes the clients. There is nothing to close about the credentials. */
  @Override
  public void close() {
    blocking.close();
    asynchronous.close();
  }
}
