// mongo-java-server in memory, on 127.0.0.1 and the port that is given (0: a free one). Prints `listening on <port>`.
// Ends when its standard input does, and so with the process that started it, however that ended.
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

public class MongoServer {
    public static void main(String[] arguments) throws Exception {
        var server = new de.bwaldvogel.mongo.MongoServer(new Backend().version(new Version()));
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
        System.out.println("listening on " + server.getLocalAddress().getPort());
        while (System.in.read() != -1) {
        }
        server.shutdownNow();
    }

    // It reads documents while others change them, and answers with documents that are still being changed. MongoDB does neither: here
    // the commands on a database run one after the other, and answers are copies.
    static class Backend extends MemoryBackend {
        private final Map<String, Object> databases = new ConcurrentHashMap<>();

        @Override
        public Document handleMessage(MongoMessage message) {
            synchronized (databases.computeIfAbsent(message.getDatabaseName(), name -> new Object())) {
                return super.handleMessage(message).cloneDeeply();
            }
        }
    }

    // Its own MONGO_5_0 has wire version 8, which drivers refuse; that of MongoDB 5.0 is 13.
    record Version() implements MongoVersion {
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        public int getWireVersion() {
            return 13;
        }
    }
}
