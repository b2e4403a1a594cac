// lowportbind --user www-data -p 80 -- java /srv/Server.java
//
// A file capability on java would make the dynamic loader ignore $ORIGIN, which java uses to find
// libjli.so. An ambient capability does not.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Server {
    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(80), 0);
        server.createContext("/", exchange -> {
            byte[] page = "java on port 80\n".getBytes();
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
    }
}
