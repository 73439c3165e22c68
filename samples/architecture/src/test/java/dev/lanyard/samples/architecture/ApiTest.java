package dev.lanyard.samples.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The public API can grow, and what code needs to know is data. */
@AnalyzeClasses(
    packages = "dev.lanyard",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      ImportOption.DoNotIncludePackageInfos.class
    })
class ApiTest {
  private static final Path ROOT =
      Objects.requireNonNull(Path.of("").toAbsolutePath().getParent()).getParent();

  /** The packages that published modules export. */
  private static final String[] EXPORTED = {
    "dev.lanyard",
    "dev.lanyard.diagnosis",
    "dev.lanyard.runtime",
    "dev.lanyard.spi",
    "dev.lanyard.irsa",
    "dev.lanyard.podidentity",
    "dev.lanyard.testing"
  };

  /** Where an exported type stands, and how its declaration begins, nested or not. */
  private static final Pattern DECLARATION =
      Pattern.compile(
          "(?m)^( {0,4})((?:public|protected|static|abstract|final|sealed|non-sealed) )*"
              + "(class|interface|enum|record|@interface) (\\w+)");

  /** What is written for people. */
  private static final Map<String, Set<String>> TEXTS =
      Map.of(
          "dev.lanyard.diagnosis.Problem", Set.of("summary", "remedy", "toString"),
          "dev.lanyard.diagnosis.Step", Set.of("text", "toString"),
          "dev.lanyard.diagnosis.Evidence", Set.of("toString"),
          "dev.lanyard.CredentialsStatus$Failure", Set.of("message", "remedy", "toString"),
          "dev.lanyard.Explanation", Set.of("toString"),
          "dev.lanyard.spi.Detection$Absent", Set.of("lookedFor"),
          "dev.lanyard.spi.ExchangeException", Set.of("getMessage", "remedy", "toString"));

  /** What takes a text apart, or chooses by it. */
  private static final Map<String, Set<String>> READERS =
      Map.of(
          "java.lang.String",
              Set.of(
                  "contains",
                  "startsWith",
                  "endsWith",
                  "indexOf",
                  "lastIndexOf",
                  "matches",
                  "split",
                  "equals",
                  "equalsIgnoreCase",
                  "compareTo"),
          "java.util.regex.Pattern", Set.of("matcher", "split"));

  @ArchTest
  static final ArchRule noPublicTypeIsARecord =
      noClasses()
          .that()
          .resideInAnyPackage(EXPORTED)
          .and()
          .arePublic()
          .and(isReachable())
          .should()
          .beAssignableTo(Record.class);

  @ArchTest
  static final ArchRule valuesCannotBeExtended =
      classes()
          .that(resideInAnyPackage("dev.lanyard.diagnosis"))
          .and()
          .arePublic()
          .and()
          .areNotInterfaces()
          .and()
          .areNotEnums()
          .should()
          .haveModifier(JavaModifier.FINAL);

  @ArchTest
  static final ArchRule noTextThatWasWrittenForPeopleIsReadBack =
      methods()
          .that()
          .areDeclaredInClassesThat()
          .resideInAnyPackage(
              "dev.lanyard",
              "dev.lanyard.spi",
              "dev.lanyard.diagnosis",
              "dev.lanyard.irsa..",
              "dev.lanyard.podidentity..")
          .and()
          .areDeclaredInClassesThat()
          .areNotAssignableTo(Record.class)
          .should(notTakeApartAText())
          .as("no text that was written for people is read back");

  /** Whether code of others can name the type: all that it is nested in is public too. */
  private static DescribedPredicate<JavaClass> isReachable() {
    return describe(
        "are reachable",
        one ->
            one.getModifiers().contains(JavaModifier.PUBLIC)
                && one.getEnclosingClass()
                    .map(outer -> outer.getModifiers().contains(JavaModifier.PUBLIC))
                    .orElse(true));
  }

  private static ArchCondition<JavaMethod> notTakeApartAText() {
    return new ArchCondition<>("not take apart or compare a text that was written for people") {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        if (method.getName().equals("equals") || method.getName().equals("hashCode")) {
          return;
        }
        List<JavaMethodCall> texts = calls(method, TEXTS);
        List<JavaMethodCall> readers = calls(method, READERS);
        if (!texts.isEmpty() && !readers.isEmpty()) {
          events.add(
              SimpleConditionEvent.violated(
                  method,
                  method.getFullName() + " gets " + names(texts) + " and reads " + names(readers)));
        }
      }
    };
  }

  private static List<JavaMethodCall> calls(JavaMethod method, Map<String, Set<String>> which) {
    return method.getMethodCallsFromSelf().stream()
        .filter(
            call ->
                which
                    .getOrDefault(call.getTargetOwner().getFullName(), Set.of())
                    .contains(call.getName()))
        .toList();
  }

  private static String names(List<JavaMethodCall> calls) {
    return calls.stream()
        .map(call -> call.getTarget().getFullName())
        .distinct()
        .toList()
        .toString();
  }

  @ArchTest
  static void everyExportedTypeIsMet(com.tngtech.archunit.core.domain.JavaClasses all) {
    assertThat(all.stream().filter(JavaClass::isTopLevelClass).map(JavaClass::getPackageName))
        .contains(EXPORTED);
  }

  @Test
  void whatIsPublicSaysSinceWhen() throws IOException {
    List<String> silent = new ArrayList<>();
    int types = 0;
    for (Path file : exported()) {
      String source = Files.readString(file);
      boolean isInterface =
          Pattern.compile("(?m)^public (sealed )?interface").matcher(source).find();
      Matcher declaration = DECLARATION.matcher(source);
      while (declaration.find()) {
        boolean nested = !declaration.group(1).isEmpty();
        String whole = declaration.group();
        boolean promised =
            whole.contains("public ")
                || whole.contains("protected ")
                || (nested && isInterface && declaration.group(1).length() == 2);
        if (promised) {
          types++;
          if (!javadocBefore(source, declaration.start()).contains("@since ")) {
            silent.add(file.getFileName() + ": " + declaration.group(4));
          }
        }
      }
    }

    assertThat(silent).isEmpty();
    assertThat(types).isGreaterThan(60);
  }

  private static String javadocBefore(String source, int declaration) {
    int end = source.lastIndexOf("*/", declaration);
    String between = end < 0 ? "no" : source.substring(end + 2, declaration);
    boolean isNext = between.lines().noneMatch(line -> line.contains(";") || line.contains("{ "));
    return isNext ? source.substring(source.lastIndexOf("/**", end), end) : "";
  }

  /** The sources of the exported packages, those that begin with a public type. */
  private static List<Path> exported() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : EXPORTED) {
      for (String module : List.of("core", "irsa", "podidentity", "testing")) {
        Path directory =
            ROOT.resolve(module).resolve("src/main/java").resolve(name.replace('.', '/'));
        if (Files.isDirectory(directory)) {
          try (Stream<Path> all = Files.list(directory)) {
            all.filter(file -> file.toString().endsWith(".java"))
                .filter(ApiTest::isPublic)
                .forEach(files::add);
          }
        }
      }
    }
    return files;
  }

  private static boolean isPublic(Path file) {
    try {
      return Pattern.compile("(?m)^public ").matcher(Files.readString(file)).find();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyIdOfAProblemIsListedOnceAndMeansOneThing() throws IOException {
    Map<String, Set<String>> ids = new TreeMap<>();
    for (String source :
        List.of(
            "core/src/main/java/dev/lanyard/Problems.java",
            "irsa/src/main/java/dev/lanyard/irsa/internal/Problems.java",
            "podidentity/src/main/java/dev/lanyard/podidentity/internal/Problems.java")) {
      Matcher id =
          Pattern.compile("static final String \\w+ = \"([A-Z]+-\\d{3})\"")
              .matcher(Files.readString(ROOT.resolve(source)));
      Set<String> ofThis = new TreeSet<>();
      while (id.find()) {
        assertThat(ofThis.add(id.group(1))).as(source + " has " + id.group(1) + " twice").isTrue();
        ids.computeIfAbsent(id.group(1), one -> new TreeSet<>()).add(source);
      }
      assertThat(ofThis).as(source).isNotEmpty();
    }
    // What two modules meet in the same way is the same problem, in these families alone.
    ids.forEach(
        (id, sources) ->
            assertThat(sources.size() == 1 || id.startsWith("TOK-") || id.startsWith("NET-"))
                .as(id + " is of " + sources)
                .isTrue());

    List<String> listed = new ArrayList<>();
    Matcher row =
        Pattern.compile("(?m)^\\| <a id=\"([a-z]+-\\d{3})\"></a>([A-Z]+-\\d{3}) \\|")
            .matcher(Files.readString(ROOT.resolve("docs/errors/README.md")));
    while (row.find()) {
      listed.add(row.group(2));
      assertThat(row.group(1)).isEqualTo(row.group(2).toLowerCase(Locale.ROOT));
    }
    assertThat(listed).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(ids.keySet());
  }
}
