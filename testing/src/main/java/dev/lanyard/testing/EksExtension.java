package dev.lanyard.testing;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each JUnit 5 test a {@link FakeEks} of its own, for parameters of test methods and of those
 * that run before and after each: {@link FakeEks}, {@link FakeSts}, {@link FakeAgent}, and {@link
 * FakePod} with {@link InPod}.
 *
 * <pre>{@code
 * @ExtendWith(EksExtension.class)
 * class OrdersIdentityTest {
 *   @Test
 *   void runsAsItsRole(
 *       FakeEks eks, @InPod(serviceAccount = "shop/orders", irsa = "orders-role") FakePod pod) {
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>Nothing is shared between tests, so that they may run in parallel; every port is free when it
 * is taken. After the test the cluster is closed: ports, threads and files are gone. Where the test
 * failed, the identity plane's {@link FakeEks#journal} goes to the standard error.
 *
 * <p>JUnit Jupiter has to be on the class path; this module does not bring it. An extension that is
 * registered as a field may choose the cluster's options: see {@link #with}.
 *
 * @since 0.1
 */
public final class EksExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(EksExtension.class);
  private static final List<Class<?>> TYPES =
      List.of(FakeEks.class, FakeSts.class, FakeAgent.class, FakePod.class);

  private final FakeEks.Builder builder;
  private final boolean chosen;

  /** Makes clusters as {@link FakeEks#start} does. JUnit calls it. */
  public EksExtension() {
    this(FakeEks.builder(), false);
  }

  private EksExtension(FakeEks.Builder builder, boolean chosen) {
    this.builder = builder;
    this.chosen = chosen;
  }

  /**
   * Returns an extension for a field with {@code @RegisterExtension}.
   *
   * @param builder describes the clusters; not to be changed any more
   * @return an extension that starts a cluster of this description for each test
   */
  public static EksExtension with(FakeEks.Builder builder) {
    return new EksExtension(Objects.requireNonNull(builder, "builder"), true);
  }

  /** Starts the cluster of a test, and puts the process into a pod of it if the test is in one. */
  @Override
  public void beforeEach(ExtensionContext context) {
    Optional<EksTestRun> there = found(context);
    // Annotations bring an extension too; one with options takes the place of theirs.
    if (there.isEmpty() || (chosen && !there.get().startedBy().chosen)) {
      there.ifPresent(EksTestRun::close);
      EksTestRun run = new EksTestRun(builder.start(), this);
      context.getStore(NAMESPACE).put(EksTestRun.class, run);
      inPod(context).ifPresent(run::enter);
    }
  }

  /** Prints the journal if the test failed, leaves the pod, and closes the cluster. */
  @Override
  public void afterEach(ExtensionContext context) {
    Optional<EksTestRun> run = found(context).filter(candidate -> candidate.startedBy() == this);
    if (run.isPresent()) {
      context.getStore(NAMESPACE).remove(EksTestRun.class);
      try (EksTestRun ended = run.get()) {
        if (context.getExecutionException().isPresent()) {
          System.err.println(
              "The identity plane of " + context.getDisplayName() + ":\n" + ended.eks().journal());
        }
      }
    }
  }

  /** Says yes to the types that are listed above, except in constructors. */
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getTestMethod().isPresent()
        && TYPES.contains(parameter.getParameter().getType())
        && found(context).filter(run -> run.startedBy() == this).isPresent();
  }

  /** Returns the test's own cluster, or a part of it. */
  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    EksTestRun run = found(context).orElseThrow();
    Class<?> type = parameter.getParameter().getType();
    if (type == FakePod.class) {
      return parameter
          .findAnnotation(InPod.class)
          .map(run::pod)
          .or(run::entered)
          .orElseThrow(
              () ->
                  new ParameterResolutionException(
                      "A FakePod needs @InPod, on the parameter, the test or its class"));
    }
    return type == FakeSts.class
        ? run.eks().sts()
        : type == FakeAgent.class ? run.eks().agent() : run.eks();
  }

  private static Optional<EksTestRun> found(ExtensionContext context) {
    return Optional.ofNullable(context.getStore(NAMESPACE).get(EksTestRun.class, EksTestRun.class));
  }

  /** The method's own, or that of the class, or of a class around it. */
  private static Optional<InPod> inPod(ExtensionContext context) {
    InPod found = context.getRequiredTestMethod().getAnnotation(InPod.class);
    for (@Nullable Class<?> type = context.getRequiredTestClass();
        found == null && type != null;
        type = type.getEnclosingClass()) {
      found = type.getAnnotation(InPod.class);
    }
    return Optional.ofNullable(found);
  }
}
