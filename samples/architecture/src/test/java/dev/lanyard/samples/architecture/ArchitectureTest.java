package dev.lanyard.samples.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.lanyard.runtime.Time;
import java.time.Clock;
import java.time.Instant;

/**
 * The arrows between the published modules point one way: irsa, podidentity and testing to core.
 * That samples and benchmarks point to them, and nothing to samples and benchmarks, Maven makes
 * sure of: a circle does not build.
 */
@AnalyzeClasses(
    packages = "dev.lanyard",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      ImportOption.DoNotIncludePackageInfos.class
    })
class ArchitectureTest {
  private static final String SPI = "dev.lanyard.spi..";
  private static final String RUNTIME = "dev.lanyard.runtime..";
  private static final String DIAGNOSIS = "dev.lanyard.diagnosis..";
  private static final String IRSA = "dev.lanyard.irsa..";
  private static final String POD_IDENTITY = "dev.lanyard.podidentity..";
  private static final String TESTING = "dev.lanyard.testing..";
  private static final String SAMPLES = "dev.lanyard.samples..";
  private static final String BENCHMARKS = "dev.lanyard.jmh..";

  private static final DescribedPredicate<JavaClass> CORE =
      resideInAPackage("dev.lanyard..")
          .and(
              DescribedPredicate.not(
                  resideInAnyPackage(IRSA, POD_IDENTITY, TESTING, SAMPLES, BENCHMARKS)))
          .as("core");

  @ArchTest
  static void allModulesAreLookedAt(JavaClasses classes) {
    assertThat(classes.stream().map(JavaClass::getPackageName))
        .contains(
            "dev.lanyard",
            "dev.lanyard.diagnosis",
            "dev.lanyard.runtime",
            "dev.lanyard.spi",
            "dev.lanyard.irsa",
            "dev.lanyard.irsa.internal",
            "dev.lanyard.podidentity",
            "dev.lanyard.podidentity.internal",
            "dev.lanyard.testing");
  }

  @ArchTest
  static final ArchRule coreStandsOnTheSdksAuthAndALoggingFacade =
      classes()
          .that(CORE)
          .should()
          .onlyDependOnClassesThat(
              CORE.or(
                  resideInAnyPackage(
                      "java..",
                      "software.amazon.awssdk..",
                      "org.slf4j..",
                      "org.jspecify.annotations..")));

  @ArchTest
  static final ArchRule theSpiKnowsNothingOfItsUser =
      noClasses()
          .that()
          .resideInAPackage(SPI)
          .should()
          .dependOnClassesThat(CORE.and(notIn(SPI, RUNTIME, DIAGNOSIS)));

  @ArchTest
  static final ArchRule theRuntimeKnowsNothingElseOfCore =
      noClasses()
          .that()
          .resideInAPackage(RUNTIME)
          .should()
          .dependOnClassesThat(CORE.and(notIn(RUNTIME)));

  @ArchTest
  static final ArchRule diagnosisKnowsNothingElseOfCore =
      noClasses()
          .that()
          .resideInAPackage(DIAGNOSIS)
          .should()
          .dependOnClassesThat(CORE.and(notIn(DIAGNOSIS)));

  @ArchTest
  static final ArchRule noPackagesFormACycle =
      slices().matching("dev.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule internalsKnowNothingOfWhatIsBuiltOnThem =
      noClasses()
          .that()
          .resideInAnyPackage("dev.lanyard.irsa.internal..", "dev.lanyard.podidentity.internal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.lanyard.irsa", "dev.lanyard.podidentity");

  @ArchTest
  static final ArchRule irsaKnowsCoreAlone =
      noClasses()
          .that()
          .resideInAPackage(IRSA)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(POD_IDENTITY, TESTING, SAMPLES, BENCHMARKS);

  @ArchTest
  static final ArchRule podIdentityKnowsCoreAlone =
      noClasses()
          .that()
          .resideInAPackage(POD_IDENTITY)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(IRSA, TESTING, SAMPLES, BENCHMARKS);

  @ArchTest
  static final ArchRule testingKnowsNeitherIrsaNorPodIdentity =
      noClasses()
          .that()
          .resideInAPackage(TESTING)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(IRSA, POD_IDENTITY, SAMPLES, BENCHMARKS);

  @ArchTest
  static final ArchRule nobodyElseReadsAClock =
      noClasses()
          .that(whatRunsInAPod().and(notATime()))
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Clock.class);

  @ArchTest
  static final ArchRule nobodyElseStartsAThreadOrSleeps =
      noClasses()
          .that(whatRunsInAPod().and(notATime()))
          .should()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callMethod(Thread.class, "start")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.Executors");

  @ArchTest
  static final ArchRule nobodyWritesToTheConsole =
      noClasses()
          .that(whatRunsInAPod())
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(Throwable.class, "printStackTrace");

  private static DescribedPredicate<JavaClass> whatRunsInAPod() {
    return CORE.or(resideInAnyPackage(IRSA, POD_IDENTITY)).as("what runs in a pod");
  }

  private static DescribedPredicate<JavaClass> notATime() {
    return describe(
        "not the library's time",
        one ->
            !one.isAssignableTo(Time.class)
                && one.getEnclosingClass()
                    .map(outer -> !outer.isAssignableTo(Time.class))
                    .orElse(true));
  }

  private static DescribedPredicate<JavaClass> notIn(String... packages) {
    return DescribedPredicate.not(resideInAnyPackage(packages));
  }
}
