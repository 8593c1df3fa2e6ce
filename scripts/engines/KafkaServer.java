/**
 * Formats the storage if it is new and runs Apache Kafka until standard input ends: so the server never outlives the process that
 * started it. Argument: a file of server properties.
 */
class KafkaServer {
  /** Any id does: each server has storage of its own. */
  private static final String CLUSTER = "b21zLXRlc3QtZW5naW5lcw";

  public static void main(String[] arguments) throws Exception {
    var parent = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (java.io.IOException closed) {
        // The same as its end.
      }
      Runtime.getRuntime().halt(1);
    });
    parent.setDaemon(true);
    parent.start();

    var properties = arguments[0];
    var format = new String[] {"format", "--ignore-formatted", "--cluster-id", CLUSTER, "--config", properties};
    var code = kafka.tools.StorageTool.execute(format, System.out);
    if (code != 0) System.exit(code);
    kafka.Kafka.main(new String[] {properties});
  }
}
