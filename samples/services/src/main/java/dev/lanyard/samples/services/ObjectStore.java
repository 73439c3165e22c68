package dev.lanyard.samples.services;

import static dev.lanyard.samples.services.ServiceAnswer.element;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** Buckets and objects in memory, and S3's operations on them. Safe for use by many threads. */
final class ObjectStore implements Service {
  private static final String XMLNS = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
  private static final int LARGEST_PAGE = 1000;

  private final ConcurrentNavigableMap<String, Bucket> buckets = new ConcurrentSkipListMap<>();

  private record Bucket(Instant createdAt, ConcurrentNavigableMap<String, Stored> objects) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  private record Stored(byte[] data, String contentType, String etag, Instant modifiedAt) {
    Map<String, String> headers() {
      return Map.of(
          "ETag", etag,
          "Content-Type", contentType,
          "Last-Modified",
              DateTimeFormatter.RFC_1123_DATE_TIME.format(modifiedAt.atOffset(ZoneOffset.UTC)));
    }
  }

  void createBucket(String name, Instant now) {
    buckets.putIfAbsent(
        name, new Bucket(now.truncatedTo(ChronoUnit.SECONDS), new ConcurrentSkipListMap<>()));
  }

  @Override
  public String name() {
    return "s3";
  }

  @Override
  public ServiceAnswer failure(ServiceFailure failure, String rawPath) {
    String code =
        failure.code().equals(ServiceFailure.NOT_SIGNED) ? "AccessDenied" : failure.code();
    return ServiceAnswer.xml(
        failure.status(),
        "<Error>"
            + ServiceAnswer.element("Code", code)
            + ServiceAnswer.element("Message", String.valueOf(failure.getMessage()))
            + ServiceAnswer.element("Resource", rawPath)
            + "</Error>");
  }

  @Override
  public ServiceAnswer answer(ServiceRequest request, byte[] content) throws ServiceFailure {
    String bucket = request.bucket();
    String key = request.key();
    if (bucket.isEmpty()) {
      return switch (request.method()) {
        case "GET" -> listBuckets();
        default -> throw ServiceFailure.notImplemented(request.method() + " of the service");
      };
    }
    if (key.isEmpty()) {
      return switch (request.method()) {
        case "PUT" -> {
          createBucket(bucket, Instant.now());
          yield ServiceAnswer.empty(200);
        }
        case "HEAD" -> {
          bucket(bucket);
          yield ServiceAnswer.empty(200);
        }
        case "GET" -> listObjects(bucket, request.query());
        default -> throw ServiceFailure.notImplemented(request.method() + " of a bucket");
      };
    }
    NavigableMap<String, Stored> objects = bucket(bucket).objects();
    return switch (request.method()) {
      case "PUT" -> put(objects, key, request, content);
      case "GET", "HEAD" -> {
        Stored stored = objects.get(key);
        if (stored == null) {
          throw ServiceFailure.noSuchKey();
        }
        yield new ServiceAnswer(200, stored.headers(), stored.data());
      }
      case "DELETE" -> {
        objects.remove(key);
        yield ServiceAnswer.empty(204);
      }
      default -> throw ServiceFailure.notImplemented(request.method() + " of an object");
    };
  }

  private Bucket bucket(String name) throws ServiceFailure {
    Bucket bucket = buckets.get(name);
    if (bucket == null) {
      throw ServiceFailure.noSuchBucket();
    }
    return bucket;
  }

  private static ServiceAnswer put(
      NavigableMap<String, Stored> objects, String key, ServiceRequest request, byte[] content)
      throws ServiceFailure {
    if (!request.rawQuery().isEmpty() && !request.query().keySet().equals(Set.of("x-id"))) {
      throw ServiceFailure.notImplemented("This form of PUT");
    }
    if (request.header("x-amz-copy-source").isPresent()) {
      throw ServiceFailure.notImplemented("Copying");
    }
    Stored stored =
        new Stored(
            content,
            request.header("content-type").orElse("application/octet-stream"),
            '"' + HexFormat.of().formatHex(Checksums.digest("MD5", content)) + '"',
            Instant.now().truncatedTo(ChronoUnit.SECONDS));
    objects.put(key, stored);
    return new ServiceAnswer(200, Map.of("ETag", stored.etag()), new byte[0]);
  }

  private ServiceAnswer listBuckets() {
    StringBuilder xml = new StringBuilder("<ListAllMyBucketsResult" + XMLNS + "><Buckets>");
    buckets.forEach(
        (name, bucket) ->
            xml.append("<Bucket>")
                .append(element("Name", name))
                .append(element("CreationDate", bucket.createdAt().toString()))
                .append("</Bucket>"));
    return ServiceAnswer.xml(200, xml.append("</Buckets></ListAllMyBucketsResult>").toString());
  }

  /** Version 2 of the listing; a continuation token is the last key of the page before. */
  private ServiceAnswer listObjects(String name, Map<String, String> query) throws ServiceFailure {
    NavigableMap<String, Stored> objects = bucket(name).objects();
    if (!"2".equals(query.get("list-type")) || !query.getOrDefault("delimiter", "").isEmpty()) {
      throw ServiceFailure.notImplemented("This form of listing");
    }
    String prefix = query.getOrDefault("prefix", "");
    String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
    int page = page(query.getOrDefault("max-keys", Integer.toString(LARGEST_PAGE)));
    StringBuilder contents = new StringBuilder();
    int count = 0;
    String last = "";
    boolean truncated = false;
    for (Map.Entry<String, Stored> object : objects.tailMap(after, false).entrySet()) {
      if (!object.getKey().startsWith(prefix)) {
        continue;
      }
      if (count == page) {
        truncated = true;
        break;
      }
      count++;
      last = object.getKey();
      contents
          .append("<Contents>")
          .append(element("Key", object.getKey()))
          .append(element("LastModified", object.getValue().modifiedAt().toString()))
          .append(element("ETag", object.getValue().etag()))
          .append(element("Size", Integer.toString(object.getValue().data().length)))
          .append(element("StorageClass", "STANDARD"))
          .append("</Contents>");
    }
    return ServiceAnswer.xml(
        200,
        "<ListBucketResult"
            + XMLNS
            + ">"
            + element("Name", name)
            + element("Prefix", prefix)
            + element("KeyCount", Integer.toString(count))
            + element("MaxKeys", Integer.toString(page))
            + element("IsTruncated", Boolean.toString(truncated))
            + (truncated ? element("NextContinuationToken", last) : "")
            + contents
            + "</ListBucketResult>");
  }

  private static int page(String maxKeys) throws ServiceFailure {
    try {
      return Math.min(LARGEST_PAGE, Math.max(0, Integer.parseInt(maxKeys)));
    } catch (NumberFormatException e) {
      throw ServiceFailure.invalidArgument("max-keys is not a number");
    }
  }
}
